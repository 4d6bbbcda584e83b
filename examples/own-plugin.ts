// A plugin of one's own: a budget of seconds, after which trials are pruned before they are evaluated.
import { createStudy, float, ofType, type Plugin, space } from 'rxtuna'

declare module 'rxtuna' {
  interface EventMap {
    'budget.spent': { readonly seconds: number }
  }
}

function budget(limit: number): Plugin {
  return {
    name: 'budget',
    install(ctx) {
      let seconds = 0
      ctx.intercept('evaluate', async (call, next) => {
        if (seconds > limit) return { state: 'pruned', reason: `The budget of ${limit} s is spent.` }
        const start = performance.now()
        const outcome = await next(call)
        seconds += (performance.now() - start) / 1000
        ctx.emit('budget.spent', { seconds })
        return outcome
      })
    }
  }
}

await using study = await createStudy({ plugins: [budget(0.05)] })
study.events$
  .pipe(ofType('trial.pruned'))
  .subscribe(({ trial, record }) => console.log(`#${trial}`, record.systemAttributes['rxtuna:reason']))

const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const { complete, pruned } = await study.optimize(
  {
    space: space({ x: float(-1, 1) }),
    evaluate: async ({ x }) => {
      await wait(10)
      return x ** 2
    }
  },
  { trials: 10 }
)
console.log(`${complete} evaluated, ${pruned} came after the budget`)
