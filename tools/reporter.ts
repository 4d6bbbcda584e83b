import { mkdirSync, writeFileSync } from 'node:fs'
import mocha from 'mocha'

/** Mocha's spec output; counts in a file for .ci/run; an unhandled rejection, which Mocha 12 lets pass, is a failure. */
export default class Reporter extends mocha.reporters.Spec {
  // A set, because Mocha emits each one a second time.
  readonly #unhandled = new Set<unknown>()

  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options)
    let during = 'before the first test'
    runner.on('test', test => {
      during = test.fullTitle()
    })
    process.on('unhandledRejection', (reason, promise) => {
      if (this.#unhandled.has(promise)) return
      this.#unhandled.add(promise)
      console.error(`unhandled rejection during "${during}":`, reason)
    })
  }

  override done(failures: number, finish?: (failures: number) => void): void {
    const failed = failures + this.#unhandled.size
    mkdirSync('.cache', { recursive: true })
    writeFileSync('.cache/mocha.json', JSON.stringify({ passed: this.stats.passes, failed, pending: this.stats.pending }))
    finish?.(failed)
  }
}
