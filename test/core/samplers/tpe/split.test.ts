import { expect } from 'chai'
import { HistoryView } from '../../../../core/src/history-view.ts'
import type { Direction } from '../../../../core/src/objective.ts'
import { bestNumbers } from '../../../../core/src/samplers/tpe/split.ts'
import { type TrialState, trialRecord } from '../../../../core/src/trial.ts'
import { TrialLog } from '../../../../core/src/trial-log.ts'

/** The best of trials that ended so, seen by trial `horizon`. */
function best(
  direction: Direction,
  count: number,
  ends: readonly (readonly [TrialState, ...number[]])[],
  horizon = Number.POSITIVE_INFINITY
): readonly number[] {
  const log = new TrialLog([direction])
  const nothing = { params: {}, distributions: {}, reports: [], attributes: {}, systemAttributes: {} }
  for (const [number, [state, ...values]] of ends.entries()) log.add(trialRecord({ number, state, values, ...nothing }))
  return bestNumbers(
    new HistoryView('split', log, 0, ends.length, 0, { params: true, attributes: [] }, horizon).outcomes(),
    direction,
    count
  )
}

describe('the split of trials into good ones and others', () => {
  it('prefers the earlier of equal values, whatever stands between them', () => {
    const ties: readonly (readonly [TrialState, ...number[]])[] = [
      ['complete', Number.POSITIVE_INFINITY],
      ['pruned'],
      ['complete', Number.POSITIVE_INFINITY],
      ['failed'],
      ['pruned', Number.POSITIVE_INFINITY],
      ['complete', Number.POSITIVE_INFINITY],
      ['complete', 1]
    ]
    expect(best('maximize', 1, ties)).to.deep.equal([0])
    expect(best('maximize', 2, ties)).to.deep.equal([0, 2])
    expect(best('minimize', 3, ties)).to.deep.equal([0, 2, 6])
  })

  it('does not see what lies beyond its view, among equal values either', () => {
    const same = Array.from({ length: 9 }, () => ['complete', 5] as const)
    for (const direction of ['minimize', 'maximize'] as const) {
      expect(best(direction, 2, same, 4)).to.deep.equal([0, 1])
      expect(best(direction, 9, same, 4)).to.deep.equal([0, 1, 2, 3])
    }
  })
})
