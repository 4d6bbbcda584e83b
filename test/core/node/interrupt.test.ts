import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createStudy } from '@rxtuna/core'
import { handleInterrupt } from '@rxtuna/core/node'
import { expect } from 'chai'
import { RecordingStream } from './recording-stream.ts'

const fixture = fileURLToPath(new URL('./fixtures/interruptible.ts', import.meta.url))

/** Signals and exits of a process that is not this one. */
class OtherProcess extends EventEmitter {
  exitCode?: number | string | null | undefined
  readonly env: Record<string, string> = {}
  readonly exits: number[] = []
  exit(code: number): void {
    this.exits.push(code)
  }
}

/** A program under way, what it has said, and a wait for what it will say. */
class Program {
  // Not as a child of npm, which these tests may be.
  readonly child: ChildProcessWithoutNullStreams = spawn(process.execPath, ['--conditions=@rxtuna/source', fixture], {
    stdio: 'pipe',
    env: { PATH: process.env.PATH }
  })
  readonly closed = once(this.child, 'close')
  out = ''
  err = ''

  constructor() {
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.out += text
    })
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.err += text
    })
  }

  async says(stream: 'out' | 'err', text: string): Promise<void> {
    const source = stream === 'out' ? this.child.stdout : this.child.stderr
    while (!this[stream].includes(text)) await once(source, 'data', { signal: AbortSignal.timeout(8000) })
  }

  async exitCode(): Promise<number | null> {
    const [code] = (await this.closed) as [number | null]
    return code
  }

  [Symbol.dispose](): void {
    this.child.kill('SIGKILL')
  }
}

describe('an interrupted program', () => {
  it('lets the trials in flight finish after the first Ctrl-C, prints its result and how to resume, and exits with 130', async () => {
    using program = new Program()
    await program.says('out', 'started 1')
    program.child.kill('SIGINT')
    await program.says('err', 'Interrupted: letting 2 trials finish; press Ctrl-C again to exit at once.\n')
    program.child.stdin.write('finish\n')
    expect(await program.exitCode()).to.equal(130)
    expect(program.out).to.equal('started 0\nstarted 1\nresult stopped 2, exit code 130\nexit 130\n')
    expect(program.err).to.match(/\nlanes {2}end {6} 2\/10 [^\n]*\nResume with: node interruptible\.ts\n$/)
  })

  it('exits at once with 130 after the second Ctrl-C', async () => {
    using program = new Program()
    await program.says('out', 'started 1')
    program.child.kill('SIGINT')
    await program.says('err', 'press Ctrl-C again')
    program.child.kill('SIGINT')
    expect(await program.exitCode()).to.equal(130)
    expect(program.out).to.equal('started 0\nstarted 1\nexit 130\n')
    expect(program.err).to.match(/\nlanes {2}end {6} 0\/10 [^\n]*\n$/)
  })

  it('exits with 143 when SIGTERM ends it in the same way', async () => {
    using program = new Program()
    await program.says('out', 'started 1')
    program.child.kill('SIGTERM')
    await program.says('err', 'Terminated: letting 2 trials finish; a second signal exits at once.\n')
    program.child.stdin.write('finish\n')
    expect(await program.exitCode()).to.equal(143)
    expect(program.out).to.include('result stopped 2, exit code 143')
  })

  it('exits with 0 when nobody interrupts it', async () => {
    using program = new Program()
    program.child.stdin.write('finish\n')
    expect(await program.exitCode()).to.equal(0)
    expect(program.out).to.include('result trials 10, exit code undefined')
    expect(program.err).not.to.include('Resume')
  })
})

describe('an interrupt handler', () => {
  it('tells a hand-written loop that it should end', async () => {
    await using study = await createStudy()
    const process = new OtherProcess()
    const stream = new RecordingStream()
    using interrupt = handleInterrupt(study, { process, stream })
    const trial = await study.ask(() => ({}))
    expect(interrupt).to.include({ interrupted: false, exitCode: undefined })
    process.emit('SIGINT', 'SIGINT')
    expect(interrupt).to.include({ interrupted: true, exitCode: 130 })
    expect(process.exitCode).to.equal(130)
    expect(stream.text).to.equal('Interrupted: letting 1 trial finish; press Ctrl-C again to exit at once.\n')
    await study.tell(trial, 1)
  })

  it('also stops a run that begins after the signal', async () => {
    await using study = await createStudy()
    const process = new OtherProcess()
    const stream = new RecordingStream()
    using _interrupt = handleInterrupt(study, { process, stream })
    process.emit('SIGINT', 'SIGINT')
    expect(stream.text).to.equal('Interrupted: no trial is in flight; press Ctrl-C again to exit at once.\n')
    const { reason, complete } = await study.optimize({ space: () => ({}), evaluate: () => 1 }, { trials: 100 })
    expect(reason).to.equal('stopped')
    expect(complete).to.be.at.most(1)
  })

  it('exits with the code of the second signal', async () => {
    await using study = await createStudy()
    const process = new OtherProcess()
    using _interrupt = handleInterrupt(study, { process, stream: new RecordingStream() })
    process.emit('SIGINT', 'SIGINT')
    expect(process.exits).to.deep.equal([])
    process.emit('SIGTERM', 'SIGTERM')
    expect(process.exits).to.deep.equal([143])
  })

  it('takes a signal that npm passes on for the same Ctrl-C, and a later one for the second', async () => {
    await using study = await createStudy()
    const process = new OtherProcess()
    process.env.npm_lifecycle_event = 'start'
    let now = 1000
    using _interrupt = handleInterrupt(study, { process, stream: new RecordingStream(), now: () => now })
    process.emit('SIGINT', 'SIGINT')
    now += 2
    process.emit('SIGINT', 'SIGINT')
    expect(process.exits).to.deep.equal([])
    now += 100
    process.emit('SIGINT', 'SIGINT')
    expect(process.exits).to.deep.equal([130])
  })

  it('clears a bar that stands on the line before it speaks', async () => {
    await using study = await createStudy()
    const process = new OtherProcess()
    const stream = new RecordingStream({ columns: 80 })
    using _interrupt = handleInterrupt(study, { process, stream })
    process.emit('SIGINT', 'SIGINT')
    expect(stream.text.startsWith('\r\x1b[KInterrupted: ')).to.equal(true)
  })

  it('leaves no listener behind, and says how to resume only when it was interrupted', async () => {
    await using study = await createStudy()
    const process = new OtherProcess()
    const stream = new RecordingStream()
    {
      using _interrupt = handleInterrupt(study, { process, stream, resume: 'npm start' })
      expect([process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')]).to.deep.equal([1, 1])
    }
    expect([process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')]).to.deep.equal([0, 0])
    expect(stream.text).to.equal('')
    {
      using _interrupt = handleInterrupt(study, { process, stream, resume: 'npm start' })
      process.emit('SIGINT', 'SIGINT')
    }
    expect(stream.lines.at(-1)).to.equal('Resume with: npm start')
  })
})
