import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { buyAndHold } from '../../examples/sma-crossover/buy-and-hold.ts'
import type { Report } from '../../examples/sma-crossover/report.ts'
import { realMarket } from '../examples/sma-crossover/real-market.ts'
import { runWell, start, temporaryDirectory } from './program.ts'
import { repeatableAt, trialsAt } from './study-at.ts'

const evaluated = ({ trials }: Report): number => trials.completed + trials.pruned
const reportOf = (stdout: string): Report => JSON.parse(stdout) as Report
/** The closing table without what differs from run to run: times, caches, sizes. */
const figuresOf = (stdout: string): string =>
  stdout.slice(0, stdout.indexOf('\n  time')).replace(/\s+\(\d+ draws? rejected by where in this run\)/, '')

describe('npm start', function () {
  this.timeout(60_000)

  it('has the same params, values, reports and reuse in every trial with caches and without, on four lanes', async () => {
    using directory = temporaryDirectory()
    const cwd = directory.path
    // Another search before it, so that what `--fresh` leaves behind would show.
    await runWell({ cwd, args: ['--trials', '40', '--seed', '7', '--quiet'] })
    const cached = reportOf((await runWell({ cwd, args: ['--fresh', '--json'] })).stdout)
    const withCaches = await repeatableAt(cwd)
    const plain = reportOf((await runWell({ cwd, args: ['--fresh', '--no-cache', '--lanes', '4', '--json'] })).stdout)
    const withoutCaches = await repeatableAt(cwd)

    expect(withCaches.map(({ number }) => number)).to.deep.equal(Array.from({ length: 200 }, (_, number) => number))
    expect(withCaches.filter(({ reusedFrom }) => reusedFrom !== undefined)).to.not.have.lengthOf(0)
    expect(withCaches.filter(({ state }) => state === 'pruned')).to.not.have.lengthOf(0)
    for (const trial of withoutCaches) expect(trial, `trial ${trial.number}`).to.deep.equal(withCaches[trial.number])
    expect(withoutCaches).to.have.lengthOf(200)
    const { time: _t, caches, files: _f, resume: _r, ...same } = cached
    const { time: _time, caches: none, files, resume, ...found } = plain
    expect(found).to.deep.equal(same)
    expect(caches?.map(({ name }) => name)).to.deep.equal(['assets', 'data', 'tables'])
    expect(none).to.equal(undefined)
    expect(resume).to.equal('npm start -- --trials 400 --no-cache')
    expect(files.map(file => file.path)).to.deep.equal(['.rxtuna/sma-crossover.db', '.rxtuna/sma-crossover.dedup.db'])
  })

  it('finds its work done the second time, and goes on to twice the trials as if it had never stopped', async () => {
    using directory = temporaryDirectory()
    const cwd = directory.path
    const first = await runWell({ cwd, args: ['--trials', '80'] })
    const before = await trialsAt(cwd)

    const began = performance.now()
    const second = await runWell({ cwd, args: ['--trials', '80'] })
    console.log(`      the second run took ${Math.round(performance.now() - began)} ms`)
    expect(await trialsAt(cwd)).to.deep.equal(before)
    expect(figuresOf(second.stdout)).to.equal(figuresOf(first.stdout))
    expect(second.stderr).to.match(/^sma-crossover {2}start +80\/80 .*\nsma-crossover {2}end +80\/80 .*\n$/)
    const fewer = await runWell({ cwd, args: ['--trials', '20', '--json'] })
    expect(fewer.stderr).to.match(/^sma-crossover {2}start +80\/80 /)
    for (const { name, hits, misses, joined } of reportOf(fewer.stdout).caches ?? [])
      expect([name, hits, misses, joined]).to.deep.equal([name, 0, 0, 0])

    await runWell({ cwd, args: ['--trials', '160'] })
    const resumed = await trialsAt(cwd)
    expect(resumed.slice(0, 80)).to.deep.equal(before)
    using elsewhere = temporaryDirectory()
    const other = elsewhere.path
    const whole = await runWell({ cwd: other, args: ['--trials', '160'] })
    expect(await repeatableAt(cwd)).to.deep.equal(await repeatableAt(other))
    const again = await runWell({ cwd, args: ['--trials', '160'] })
    expect(figuresOf(again.stdout)).to.equal(figuresOf(whole.stdout))
  })

  it('prints JSON alone with --json, in which the sums agree with the study', async () => {
    using directory = temporaryDirectory()
    const cwd = directory.path
    const report = reportOf((await runWell({ cwd, args: ['--trials', '200', '--seed', '1', '--json'] })).stdout)
    const trials = await trialsAt(cwd)
    const count = (state: string): number => trials.filter(trial => trial.state === state && trial.reusedFrom === undefined).length

    expect([report.seed, report.lanes, report.resume]).to.deep.equal([1, 4, 'npm start -- --trials 400'])
    const { total, completed, pruned, reused, failed, rejected } = report.trials
    expect(completed + pruned + reused + failed).to.equal(total)
    expect({ total, completed, pruned, failed }).to.deep.equal({
      total: 200,
      completed: count('complete'),
      pruned: count('pruned'),
      failed: count('failed')
    })
    const repeats = trials.filter(({ reusedFrom }) => reusedFrom !== undefined)
    expect(repeats.length).to.be.greaterThan(0)
    expect(reused).to.equal(repeats.length)
    expect(rejected).to.be.greaterThan(0)

    const best = trials.reduce((a, b) => ((b.value ?? Number.NEGATIVE_INFINITY) > (a.value ?? Number.NEGATIVE_INFINITY) ? b : a))
    expect(report.best?.number).to.equal(best.number)
    expect(report.best?.params).to.deep.equal(best.params)
    expect(report.best?.inSample.sharpe).to.equal(best.value)
    expect(report.best?.interval).to.deep.equal({ lo: best.attributes.lo, hi: best.attributes.hi })
    const hold = buyAndHold(await realMarket())
    expect(report.hold.inSample).to.deep.equal(hold.inSample)
    expect(report.hold.outOfSample).to.deep.equal(hold.outOfSample)
    expect(report.hold.inSample.sharpe).to.be.closeTo(0.795131, 5e-7)
    expect(report.hold.outOfSample.sharpe).to.be.closeTo(0.684634, 5e-7)
    expect(report.intervals?.of).to.equal(completed)

    const spent = report.time.parts.reduce((sum, { ms }) => sum + ms, 0)
    expect(spent).to.be.greaterThan(0).and.at.most(report.time.wholeMs)
    const asked = Object.fromEntries((report.caches ?? []).map(({ name, hits, misses, joined }) => [name, hits + misses + joined]))
    const loads = report.caches?.find(({ name }) => name === 'data')?.misses
    expect(asked).to.deep.equal({ assets: evaluated(report), data: evaluated(report), tables: loads })
    for (const { path, bytes, files } of report.files) if (files === undefined) expect(statSync(join(cwd, path)).size, path).to.equal(bytes)
  })

  it('writes nothing to standard error with --quiet, and its options with --help', async () => {
    using directory = temporaryDirectory()
    const cwd = directory.path
    const { stdout, stderr } = await runWell({ cwd, args: ['--trials', '12', '--quiet'] })
    expect(stderr).to.equal('')
    expect(stdout).to.match(/^\n {2}SMA crossover {2}AAPL GOOG IBM MSFT .*\n {2}12 trials, seed 0, 4 lanes\n/)
    const help = await runWell({ cwd, args: ['--help'] })
    expect(help.stderr).to.equal('')
    for (const option of ['trials', 'seed', 'lanes', 'no-cache', 'storage', 'fresh', 'json', 'quiet'])
      expect(help.stdout).to.include(`--${option}`)
  })

  it('says without a terminal when it starts, gets better and ends, and closes with a table that fits 80 columns', async () => {
    using directory = temporaryDirectory()
    const cwd = directory.path
    await using program = start({ cwd, args: ['--trials', '60'] })
    await program.said(/ start /)
    const { code, stdout, stderr } = await program.ended
    expect(code).to.equal(0)
    const said = stderr.trimEnd().split('\n')
    expect(said[0]).to.match(/^sma-crossover {2}start +0\/60 /)
    expect(said.at(-1)).to.match(/^sma-crossover {2}end +60\/60 {2}100 % {2}best \d\.\d+ \(#\d+\)/)
    expect(said.length).to.be.greaterThan(2)
    for (const line of said.slice(1, -1)) expect(line).to.match(/^sma-crossover {2}better /)
    const table = stdout.split('\n')
    for (const line of table) expect(line.length, line).to.be.at.most(79)
    expect(stdout).to.not.include('\u001b')
    expect(table.filter(line => / {2}(best|trials|time|caches|files|resume|notes) /.test(line))).to.have.lengthOf(7)
    expect(table.find(line => line.startsWith('  resume'))).to.equal('  resume     npm start -- --trials 120')
  })

  it('ends after Ctrl-C with the trials in flight told, says how to go on, and then reaches what it would have reached', async () => {
    using directory = temporaryDirectory()
    const cwd = directory.path
    await using program = start({ cwd, args: ['--trials', '5000'] })
    await program.said(/ better /, 3)
    program.kill('SIGINT')
    const { code, stdout, stderr } = await program.ended
    expect(code).to.equal(130)
    expect(stderr).to.match(/\nInterrupted: letting [1-4] trials? finish; press Ctrl-C again to exit at once\.\n/)
    const before = await trialsAt(cwd)
    expect(before.length).to.be.greaterThan(2).and.lessThan(5000)
    expect(before.filter(({ state }) => state === 'running' || state === 'failed')).to.deep.equal([])
    expect(stdout).to.match(new RegExp(` ${before.length} of 5,000 trials, seed 0, 4 lanes\n`))
    expect(stdout).to.include('\n  resume     npm start -- --trials 5000\n')

    const trials = String(before.length + 40)
    await runWell({ cwd, args: ['--trials', trials, '--quiet'] })
    expect((await trialsAt(cwd)).slice(0, before.length)).to.deep.equal(before)
    using elsewhere = temporaryDirectory()
    const other = elsewhere.path
    await runWell({ cwd: other, args: ['--trials', trials, '--quiet'] })
    expect(await repeatableAt(cwd)).to.deep.equal(await repeatableAt(other))
  })
})
