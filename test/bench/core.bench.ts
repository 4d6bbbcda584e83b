import { createStudy, type Plugin, pruners, samplers } from '@rxtuna/core'
import type { Bench, Variant } from './measure.ts'
import { interleaved } from './measure.ts'

/** Watches and passes every phase on, and does nothing itself. */
const passive = (name: string): Plugin => ({
  name,
  install(ctx) {
    ctx.events$.subscribe(() => {})
    ctx.intercept('ask', (call, next) => next(call))
    ctx.intercept('evaluate', (call, next) => next(call))
    ctx.intercept('tell', (call, next) => next(call))
  }
})

const study =
  (plugins: number): Variant =>
  async operations => {
    const opened = await createStudy({
      seed: 1,
      pruner: pruners.none(),
      sampler: samplers.random(),
      plugins: Array.from({ length: plugins }, (_, index) => passive(`passive-${index}`))
    })
    const objective = {
      space: (s: { suggestFloat(name: string, low: number, high: number): number }) => s.suggestFloat('x', 0, 1),
      evaluate: (x: number) => x
    }
    return { run: () => opened.optimize(objective, { trials: operations }), close: () => opened.close() }
  }

export const bench: Bench = {
  title: 'An empty two-phase trial in memory: ask, evaluate, tell',
  async run() {
    const measured = await interleaved({ none: study(0), one: study(1), five: study(5) }, { operations: 10_000, warmup: 6 })
    return [
      { name: 'no plugin', value: measured.perOperation('none'), unit: 'µs', floor: { atMost: 15 } },
      { name: 'one passive plugin more', value: measured.difference('one', 'none'), unit: 'µs', floor: { atMost: 3 } },
      { name: 'each of five passive plugins', value: measured.difference('five', 'none') / 5, unit: 'µs', floor: { atMost: 3 } }
    ]
  }
}
