import { join } from 'node:path'
import { expect } from 'chai'
import { type AskedTrial, createStudy, dedup, int, openSqliteGuard, space, sqlite } from 'rxtuna'
import { runWell, temporaryDirectory } from './program.ts'

describe('a hand-written ask/tell loop', function () {
  this.timeout(30_000)

  it('with dedup waits for nothing, however many trials are open: six sets, ten asks at a time, told in any order', async () => {
    using directory = temporaryDirectory()
    const evaluations = new Map<string, number>()
    await using study = await createStudy({
      direction: 'minimize',
      seed: 11,
      storage: sqlite(join(directory.path, 'study.db')),
      plugins: [dedup({ guard: () => openSqliteGuard({ path: join(directory.path, 'guard.db') }) })]
    })
    const small = space({ x: int(0, 2), y: int(0, 1) })
    const value = ({ params }: AskedTrial<{ readonly x: number; readonly y: number }>): number => {
      const set = `${params.x}/${params.y}`
      evaluations.set(set, (evaluations.get(set) ?? 0) + 1)
      return params.x + 10 * params.y
    }
    const seen = { new: 0, answered: 0, twins: 0 }
    for (let round = 0; round < 6; round++) {
      const open = await Promise.all(Array.from({ length: 10 }, () => study.ask(small)))
      for (const trial of open.toReversed()) {
        if (trial.answer) {
          seen.answered++
          await study.tell(trial, trial.answer)
        } else if (trial.twin === undefined) {
          seen.new++
          await study.tell(trial, value(trial))
        } else {
          seen.twins++
          expect(trial.twin).to.be.lessThan(trial.number)
          // A loop that does not care for twins evaluates once more.
          await study.tell(trial, value(trial))
        }
      }
    }
    const trials = await study.trials()
    expect(trials).to.have.lengthOf(60)
    for (const { state, value, params } of trials)
      expect([state, value]).to.deep.equal(['complete', Number(params.x) + 10 * Number(params.y)])
    expect(evaluations.size).to.equal(6)
    expect(seen.new).to.equal(6)
    expect(seen.twins).to.be.greaterThan(0)
    expect(seen.answered).to.equal(60 - seen.new - seen.twins)
    expect(trials.filter(({ reusedFrom }) => reusedFrom !== undefined)).to.have.lengthOf(seen.answered)
  })

  it('is what examples/ask-tell.ts shows', async () => {
    using directory = temporaryDirectory()
    const { stdout, stderr } = await runWell({ cwd: directory.path, script: 'ask-tell.ts' })
    expect(stderr).to.equal('')
    expect(stdout).to.match(/^best of 40: #\d+, Sharpe \d\.\d{3} with \{ fast: \d+, slow: \d+, exit: '(cross|trail)'.* \}\n$/)
    const again = await runWell({ cwd: directory.path, script: 'ask-tell.ts' })
    expect(again.stdout).to.equal(stdout)
  })
})

describe('examples/own-plugin.ts', function () {
  this.timeout(30_000)

  it('prunes what comes after its budget, and says why', async () => {
    using directory = temporaryDirectory()
    const { stdout, stderr } = await runWell({ cwd: directory.path, script: 'own-plugin.ts' })
    expect(stderr).to.equal('')
    const lines = stdout.trimEnd().split('\n')
    const [, evaluated, pruned] = /^(\d+) evaluated, (\d+) came after the budget$/.exec(lines.at(-1) ?? '') ?? []
    expect(Number(evaluated) + Number(pruned)).to.equal(10)
    expect(Number(evaluated)).to.be.within(1, 6)
    expect(lines.slice(0, -1).map(line => line.split(' ')[0])).to.deep.equal(
      Array.from({ length: Number(pruned) }, (_, i) => `#${Number(evaluated) + i}`)
    )
    for (const line of lines.slice(0, -1)) expect(line).to.include('The budget of 0.05 s is spent.')
  })
})
