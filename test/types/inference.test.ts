// Compiling is the test; what runs only shows that the types do not lie.
import {
  type Best,
  categorical,
  createStudy,
  type EventMap,
  float,
  int,
  type Objective,
  type ObjectiveFunction,
  type Outcome,
  ofType,
  type Params,
  type ParamsOf,
  type Plugin,
  type Space,
  type SpaceTable,
  type Study,
  type StudyEvent,
  type Summary,
  space,
  type Trial,
  type TrialOutcome,
  type TrialRecord,
  type Value
} from '@rxtuna/core'
import { expect } from 'chai'
import { expectTypeOf } from 'expect-type'

describe('types', () => {
  it('infer the params of a table, choices as literals', async () => {
    const table = space({ rate: float(0, 1), layers: int(1, 4), kind: categorical(['a', 'b']), mixed: categorical([1, '1', true, null]) })
    type P = { readonly rate: number; readonly layers: number; readonly kind: 'a' | 'b'; readonly mixed: 1 | '1' | true | null }
    expectTypeOf(table).toExtend<Space<P>>()
    expectTypeOf<ParamsOf<{ kind: ReturnType<typeof categorical<'x' | 'y'>> }>['kind']>().toEqualTypeOf<'x' | 'y'>()
    await using study = await createStudy()
    const { params } = await study.ask(table)
    expectTypeOf(params).toEqualTypeOf<P>()
    expect(['a', 'b']).to.include(params.kind)
    // @ts-expect-error there is no such parameter
    expect(params.depth).to.equal(undefined)
    // @ts-expect-error params are not written to
    void (() => (params.rate = 1))
  })

  it('infer the params of a function, and give them to its rule', () => {
    const define = space(s => ({ n: s.suggestInt('n', 0, 9), kind: s.suggestCategorical('kind', ['a', 'b']) }), {
      where: params => {
        expectTypeOf(params).toEqualTypeOf<{ n: number; kind: 'a' | 'b' }>()
        return params.n > 0
      }
    })
    expectTypeOf(define).toExtend<Space<{ n: number; kind: 'a' | 'b' }>>()
    space(
      { n: int(0, 9) },
      {
        where: params => {
          expectTypeOf(params).toEqualTypeOf<{ readonly n: number }>()
          return true
        }
      }
    )
    // @ts-expect-error objects are no choices
    void (() => categorical([{ a: 1 }]))
  })

  it('give an objective the params of its space, and the best as it returns them', async () => {
    await using study = await createStudy()
    const summary = await study.optimize(
      {
        space: s => ({ x: s.suggestFloat('x', 0, 1) }),
        evaluate: (params, trial) => {
          expectTypeOf(params).toEqualTypeOf<{ x: number }>()
          expectTypeOf(trial).toEqualTypeOf<Trial<{ x: number }>>()
          return params.x
        }
      },
      { trials: 1 }
    )
    expectTypeOf(summary).toEqualTypeOf<Summary<{ x: number }, 'minimize'>>()
    expectTypeOf(summary.best).toEqualTypeOf<Best<{ x: number }> | undefined>()
    expect(summary.best?.params.x).to.equal(summary.best?.value)
    const plain = await study.optimize(trial => trial.suggestFloat('y', 0, 1), { trials: 1 })
    expectTypeOf(plain.best?.params).toEqualTypeOf<Params | undefined>()
  })

  it('infer the params of a space that is written inside its objective', async () => {
    await using study = await createStudy()
    const table = { x: float(0, 1), kind: categorical(['a', 'b']) } satisfies SpaceTable
    const one = { trials: 1 }
    await study.optimize({ space: space({ x: float(0, 1) }), evaluate: ({ x }) => x }, one)
    await study.optimize(
      {
        space: space(table, { where: ({ x }) => x >= 0 }),
        evaluate: params => {
          expectTypeOf(params).toEqualTypeOf<{ readonly x: number; readonly kind: 'a' | 'b' }>()
          return params.x
        }
      },
      one
    )
    const { best } = await study.optimize(
      {
        space: space(s => ({ n: s.suggestInt('n', 0, 9) }), { where: ({ n }) => n >= 0 }),
        evaluate(params) {
          expectTypeOf(params).toEqualTypeOf<{ n: number }>()
          return params.n + 10
        }
      },
      one
    )
    expectTypeOf(best?.params).toEqualTypeOf<{ n: number } | undefined>()
  })

  it('let the arity of a value follow the directions', async () => {
    expectTypeOf<Value<'minimize'>>().toEqualTypeOf<number>()
    expectTypeOf<Value<readonly ['minimize', 'maximize']>>().toEqualTypeOf<readonly [number, number]>()
    await using one = await createStudy({ direction: 'maximize' })
    await using two = await createStudy({ direction: ['minimize', 'maximize'] })
    await using free = await createStudy()
    expectTypeOf(one).toEqualTypeOf<Study<'maximize'>>()
    expectTypeOf(two).toEqualTypeOf<Study<readonly ['minimize', 'maximize']>>()
    expectTypeOf(free).toEqualTypeOf<Study<'minimize'>>()
    expectTypeOf(await one.best()).toEqualTypeOf<TrialRecord | undefined>()
    expectTypeOf(await two.best()).toEqualTypeOf<readonly TrialRecord[]>()
    await one.tell(await one.ask(), 1)
    await two.tell(await two.ask(), [1, 2])
    await two.tell(await two.ask(), { state: 'complete', value: [1, 2] })
    await two.tell(await two.ask(), { state: 'pruned', reason: 'no' })
    const wrong: (() => unknown)[] = [
      // @ts-expect-error one direction takes one number
      () => one.tell(0, [1, 2]),
      // @ts-expect-error two directions take two numbers
      () => two.tell(0, 1),
      // @ts-expect-error two, not three
      () => two.tell(0, [1, 2, 3]),
      // @ts-expect-error an outcome has as many values
      () => two.tell(0, { state: 'complete', value: 1 }),
      // @ts-expect-error a value is a number
      () => one.optimize(() => 'x'),
      // @ts-expect-error two directions need two values
      () => two.optimize({ space: () => 1, evaluate: async () => 1 }),
      // @ts-expect-error no direction is none
      () => createStudy({ direction: [] }),
      // @ts-expect-error there are two directions
      () => createStudy({ direction: 'up' })
    ]
    expect(wrong.length).to.equal(8)
    const front = await two.optimize({ space: () => ({ a: 1 }), evaluate: () => [1, 2] }, { trials: 1 })
    expectTypeOf(front.best).toEqualTypeOf<readonly (Omit<TrialRecord, 'params'> & { readonly params: { a: number } })[]>()
  })

  it('narrow outcomes by state and events by type', async () => {
    expectTypeOf<TrialOutcome>().toEqualTypeOf<Outcome<readonly number[]>>()
    expectTypeOf<Extract<Outcome, { state: 'complete' }>['value']>().toEqualTypeOf<number>()
    await using study = await createStudy()
    study.events$.pipe(ofType('trial.failed', 'trial.pruned')).subscribe(event => {
      expectTypeOf(event).toEqualTypeOf<StudyEvent<'trial.failed' | 'trial.pruned'>>()
      expectTypeOf(event.record).toEqualTypeOf<TrialRecord>()
      // @ts-expect-error a pruned trial has no error
      void event.error
      if (event.type === 'trial.failed') expectTypeOf(event.error).toEqualTypeOf<unknown>()
    })
    // @ts-expect-error there is no such event
    void (() => ofType('trial.exploded'))
    expectTypeOf<EventMap['trial.started']>().toEqualTypeOf<{ readonly trial: number; readonly params: Params | undefined }>()
  })

  it('give interceptors the call and the result of their phase', async () => {
    const plugin: Plugin = {
      name: 'typed',
      install(ctx) {
        ctx.intercept('ask', async (call, next) => {
          expectTypeOf(call.attempt).toEqualTypeOf<number>()
          const result = await next(call)
          expectTypeOf(result.params).toEqualTypeOf<Params | undefined>()
          return result
        })
        ctx.intercept('tell', async (call, next) => {
          expectTypeOf(call.outcome).toEqualTypeOf<TrialOutcome>()
          expectTypeOf(await next(call)).toEqualTypeOf<TrialRecord>()
          return next(call)
        })
        // @ts-expect-error an evaluation's result is an outcome, not a number
        void (() => ctx.intercept('evaluate', async () => 1))
        // @ts-expect-error there is no such phase
        void (() => ctx.intercept('report', async () => 1))
        // @ts-expect-error the payload lacks its trial
        void (() => ctx.emit('ask.abandoned', {}))
      }
    }
    await using study = await createStudy({ plugins: [plugin] })
    expect((await study.ask()).number).to.equal(0)
  })

  it('keep the two forms of an objective apart', () => {
    expectTypeOf<ObjectiveFunction>().toBeCallableWith({} as never)
    expectTypeOf<Objective<{ x: number }>['evaluate']>().parameter(0).toEqualTypeOf<{ x: number }>()
    const study = {} as Study<'minimize'>
    // @ts-expect-error an objective without evaluate is none
    void (() => study.optimize({ space: () => 1 }))
    // @ts-expect-error a space draws at once
    void (() => study.ask({ x: float(0, 1) }))
    expect(study).to.deep.equal({})
  })
})
