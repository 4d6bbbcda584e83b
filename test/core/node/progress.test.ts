import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type AskedTrial, createStudy, memory, type Params, type Study } from '@rxtuna/core'
import { type ProgressOptions, progress } from '@rxtuna/core/node'
import { expect } from 'chai'
import { ManualClock, RecordingStream } from './recording-stream.ts'

const x = (): { x: number } => ({ x: 1 })
const open = (options: ProgressOptions, more: object = {}): Promise<Study<'maximize'>> =>
  createStudy({ name: 'sma-cross', direction: 'maximize', seed: 1, plugins: [progress(options)], ...more })

/** Asks and tells in one step, like a loop written by hand. */
async function tell(study: Study<'maximize'>, result: Parameters<Study<'maximize'>['tell']>[1]): Promise<void> {
  await study.tell(await study.ask(x), result)
}
const reused = { state: 'complete', value: [0.5], reusedFrom: 0 } as const
const pruned = { state: 'pruned' } as const
const failed = { state: 'failed', error: new Error('no data') } as const

describe('progress on a terminal', () => {
  it('draws a bar with the count, the best trial, how trials ended, and the time, as wide as there is room', async () => {
    const widths = [40, 60, 80, 120]
    const lines: string[] = []
    for (const columns of widths) {
      const stream = new RecordingStream({ columns })
      const clock = new ManualClock()
      await using study = await open({ total: 200, stream, unicode: true, now: clock.now, every: clock.every })
      for (let trial = 0; trial < 128; trial++) {
        clock.pass(100)
        const result = trial < 3 ? reused : trial < 15 ? pruned : trial < 16 ? failed : trial === 114 ? 1.22715 : 1
        await tell(study, result)
      }
      clock.pass(200)
      lines.push(stream.draws.at(-1) as string)
    }
    expect(lines).to.deep.equal([
      '  ━━━━━─── 128/200  best 1.227 (#114)',
      '  sma-cross ━━━━━─── 128/200  best 1.227 (#114)  0:08 left',
      '  sma-cross ━━━━━╸─── 128/200  64 %  best 1.227 (#114)  1 failed  0:08 left',
      '  sma-cross ━━━━━━━━━━━━─────── 128/200  64 %  best 1.227 (#114)  1 failed  12 pruned  3 reused  0:12, 0:08 left'
    ])
  })

  it('takes its total from `trials` or `until`, with what earlier runs have done, unless it is given', async () => {
    for (const [options, budgets, expected] of [
      [{}, [{ until: 4 }], '4/4'],
      [{}, [{ trials: 3 }, { trials: 2 }], '5/5'],
      [{}, [{ trials: 3, until: 2 }], '2/2'],
      [{ total: 8 }, [{ until: 4 }], '4/8']
    ] as const) {
      const stream = new RecordingStream({ columns: 80 })
      const clock = new ManualClock()
      await using study = await open({ ...options, stream, unicode: false, now: clock.now, every: clock.every })
      for (const budget of budgets) await study.optimize({ space: x, evaluate: () => 1 }, budget)
      expect(stream.lines.at(-1)).to.contain(expected)
    }
  })

  it('leaves one whole line behind when the run is over', async () => {
    const stream = new RecordingStream({ columns: 80 })
    const clock = new ManualClock()
    await using study = await open({ total: 4, stream, unicode: false, now: clock.now, every: clock.every })
    await study.optimize(
      {
        space: x,
        evaluate: () => {
          clock.pass(200)
          return 2
        }
      },
      { until: 4 }
    )
    expect(stream.text.endsWith('\r  sma-cross ######### 4/4  100 %  best 2 (#0)  in 0.8 s\x1b[K\r\n')).to.equal(true)
    expect(stream.lines).to.have.length(1)
    expect(clock.timers).to.equal(0)
  })

  it('redraws at most twelve times a second, whatever happens, and never loses the last state', async () => {
    const stream = new RecordingStream({ columns: 80 })
    const clock = new ManualClock()
    await using study = await open({ total: 1001, stream, unicode: true, now: clock.now, every: clock.every })
    for (let trial = 0; trial < 1000; trial++) {
      clock.pass(1)
      await tell(study, 1)
    }
    expect(stream.draws.length).to.be.within(10, 13)
    clock.pass(100)
    expect(stream.draws.at(-1)).to.include('1000/1001')
  })

  it('lets the seconds pass while a trial takes long', async () => {
    const stream = new RecordingStream({ columns: 80 })
    const clock = new ManualClock()
    await using study = await open({ total: 3, stream, unicode: false, now: clock.now, every: clock.every })
    const first = await study.ask(x)
    clock.pass(20_000)
    await study.tell(first, 1)
    const before = stream.draws.length
    clock.pass(5300)
    const times = stream.draws.slice(before).map(drawn => drawn.split('  ').at(-1))
    expect([...new Set(times)]).to.deep.equal([20, 21, 22, 23, 24, 25].map(second => `0:${second}, 0:${60 - second} left`))
    expect(stream.draws.at(-1)).to.equal('  sma-cross ###------ 1/3  33 %  best 1 (#0)  0:25, 0:35 left')
  })

  it('has colours only where the stream has them', async () => {
    const draw = async (colours: boolean): Promise<string> => {
      const stream = new RecordingStream({ columns: 80, colours })
      await using study = await open({ total: 2, stream, unicode: true })
      await tell(study, failed)
      return stream.draws.at(0) as string
    }
    const noColour = process.env.NO_COLOR
    delete process.env.NO_COLOR
    try {
      expect(await draw(true)).to.include('\x1b[')
      expect(await draw(false)).not.to.include('\x1b[')
      process.env.NO_COLOR = '1'
      expect(await draw(true)).not.to.include('\x1b[')
    } finally {
      if (noColour === undefined) delete process.env.NO_COLOR
      else process.env.NO_COLOR = noColour
    }
  })

  it('counts trials without a bar when the total is not known', async () => {
    const stream = new RecordingStream({ columns: 80 })
    const clock = new ManualClock()
    await using study = await open({ stream, label: 'nightly', now: clock.now, every: clock.every })
    await tell(study, 3)
    clock.pass(1700)
    expect(stream.draws.at(-1)).to.equal('  nightly  1 trial  best 3 (#0)  0:01')
  })
})

describe('progress on a file or a pipe', () => {
  it('writes a line at the start, at each improvement and at the end', async () => {
    const stream = new RecordingStream()
    const clock = new ManualClock()
    await using study = await open({ total: 6, stream, now: clock.now, every: clock.every })
    const values = [1, 0.5, 1.25, 0, 1.25, 2]
    await study.optimize(
      {
        space: x,
        evaluate: (_params, trial) => {
          clock.pass(1000)
          if (trial.number === 3) trial.prune()
          return values[trial.number] as number
        }
      },
      { until: 6 }
    )
    expect(stream.lines).to.deep.equal([
      'sma-cross  start    0/6   0 %  0:00',
      'sma-cross  better   1/6  16 %  best 1 (#0)  0:01, 0:05 left',
      'sma-cross  better   3/6  50 %  best 1.250 (#2)  0:03, 0:03 left',
      'sma-cross  better   6/6  100 %  best 2 (#5)  1 pruned  0:06, 0:00 left',
      'sma-cross  end      6/6  100 %  best 2 (#5)  1 pruned  in 6.0 s'
    ])
  })

  it('writes at least one line a minute while nothing improves', async () => {
    const stream = new RecordingStream()
    const clock = new ManualClock()
    await using study = await open({ total: 100, stream, now: clock.now, every: clock.every })
    await tell(study, 1)
    const since = stream.lines.length
    for (let minute = 1; minute <= 10; minute++) {
      clock.pass(60_000)
      expect(stream.lines.length - since, `minute ${minute}`).to.be.at.least(minute)
    }
    expect(stream.lines.length - since).to.be.at.most(11)
    expect(stream.lines.at(-1)).to.equal('sma-cross  running    1/100   1 %  best 1 (#0)  9:50, 8:01:50 left')
  })

  it('writes the line of a minute also when trials never let a timer run', async () => {
    const stream = new RecordingStream()
    const clock = new ManualClock()
    await using study = await open({ total: 100, stream, now: clock.now, every: () => ({ [Symbol.dispose]: () => {} }) })
    for (let trial = 0; trial < 5; trial++) {
      clock.pass(30_000)
      await tell(study, 1)
    }
    expect(stream.lines.map(line => line.split('  ')[1])).to.deep.equal(['start', 'better', 'running', 'running'])
  })

  it('writes no colour and no control character, whatever the study is called', async () => {
    const stream = new RecordingStream({ colours: true })
    await using study = await open({ label: 'a\x1b[31mb\r\nc', stream })
    await tell(study, 1)
    expect(stream.lines[0]).to.equal('ab c  start    0 trials  0:00')
  })
})

describe('progress of a study', () => {
  it('starts a hand-written loop at its first trial and ends it when the study closes', async () => {
    const stream = new RecordingStream()
    const clock = new ManualClock()
    const study = await open({ total: 2, stream, now: clock.now, every: clock.every })
    expect(stream.text).to.equal('')
    await tell(study, 1)
    expect(clock.timers).to.equal(1)
    await study.close()
    expect(stream.lines.at(-1)).to.equal('sma-cross  end      1/2  50 %  best 1 (#0)  in 0.0 s')
    expect(clock.timers).to.equal(0)
  })

  it('writes nothing for a study in which nothing happens', async () => {
    const stream = new RecordingStream()
    const study = await open({ total: 2, stream })
    await study.close()
    expect(stream.text).to.equal('')
  })

  it('counts the trials of earlier runs as done and knows their best, and judges the time left by its own', async () => {
    await using storage = await memory()
    {
      await using study = await open({ total: 10, stream: new RecordingStream() }, { storage })
      for (const result of [1, 7, pruned, 5, reused, failed]) await tell(study, result)
      await study.ask(x)
    }
    const stream = new RecordingStream()
    const clock = new ManualClock()
    await using study = await open({ total: 10, stream, now: clock.now, every: clock.every }, { storage })
    const trial = await study.ask(x)
    clock.pass(2000)
    await study.tell(trial, 6)
    await study.close()
    expect(stream.lines).to.deep.equal([
      'sma-cross  start     6/10  60 %  best 7 (#1)  1 failed  1 pruned  1 reused  0:00',
      'sma-cross  end       7/10  70 %  best 7 (#1)  1 failed  1 pruned  1 reused  in 2.0 s'
    ])
  })

  it('shows a study that has its trials already as done', async () => {
    await using storage = await memory()
    const objective = { space: x, evaluate: () => 1 }
    for (const words of [
      ['start', 'better', 'end'],
      ['start', 'end']
    ]) {
      const stream = new RecordingStream()
      await using study = await open({ total: 1, stream }, { storage })
      await study.optimize(objective, { until: 1 })
      expect(stream.lines.map(line => line.split('  ')[1])).to.deep.equal(words)
      expect(stream.lines.at(-1)).to.include('1/1  100 %  best 1 (#0)')
    }
  })

  it('begins anew with each optimize', async () => {
    const stream = new RecordingStream()
    await using study = await open({ stream })
    for (let run = 0; run < 2; run++) await study.optimize({ space: x, evaluate: () => 1 }, { trials: 1 })
    expect(stream.lines.map(line => line.split('  ')[1])).to.deep.equal(['start', 'better', 'end', 'start', 'end'])
  })

  it('names the trial that entered the front last when there are several directions', async () => {
    const stream = new RecordingStream()
    await using study = await createStudy({ name: 'two', direction: ['minimize', 'maximize'], plugins: [progress({ stream })] })
    const trial: AskedTrial<Params> = await study.ask(x)
    await study.tell(trial, [1, 0.25])
    expect(stream.lines.at(-1)).to.include('front 1, 0.2500 (#0)')
  })

  it('shows no name for a study that was given none', async () => {
    const stream = new RecordingStream()
    await using study = await createStudy({ plugins: [progress({ stream })] })
    await study.ask(x)
    expect(stream.lines[0]).to.match(/^start/)
  })

  it('refuses a total that is not a whole number above 0', () => {
    for (const total of [0, -1, 1.5, Number.NaN])
      expect(() => progress({ total })).to.throw(`Expected a whole number > 0 as \`total\`, got ${total}.`)
  })

  it('does not end the run when nobody reads its lines any more, and keeps no process alive', async () => {
    const fixture = fileURLToPath(new URL('./fixtures/unread-progress.ts', import.meta.url))
    const child = spawn(process.execPath, ['--conditions=@rxtuna/source', fixture], { stdio: 'pipe' })
    child.stderr.destroy()
    await once(child.stderr, 'close')
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.stdin.end('go\n')
    const [code] = (await once(child, 'close')) as [number]
    expect({ code, output }).to.deep.equal({ code: 0, output: 'trials 20\n' })
  })
})
