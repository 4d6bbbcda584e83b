import { stripVTControlCharacters } from 'node:util'
import type { TrialRecord } from '@rxtuna/core'
import { expect } from 'chai'
import fc from 'fast-check'
import { barText, type Snapshot } from '../../../core/src/node/progress-text.ts'
import { Tally } from '../../../core/src/node/tally.ts'

const counts = fc.nat({ max: 5_000_000 })
const snapshots = fc
  .record({
    label: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constant('東京の株価 sma 🎌 crossover'),
      fc.constant('sma\n\x1b[2Jcross')
    ),
    total: fc.option(fc.integer({ min: 1, max: 10_000_000 }), { nil: undefined }),
    tally: fc.record({ completed: counts, pruned: counts, reused: counts, failed: counts }),
    values: fc.option(fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 3 }), { nil: undefined }),
    elapsedMs: fc.nat({ max: 1e9 }),
    leftMs: fc.option(fc.nat({ max: 1e9 }), { nil: undefined }),
    isOver: fc.boolean()
  })
  .map(({ total, leftMs, tally, values, ...rest }): Snapshot => {
    const best = values ? ({ number: 123, values } as unknown as TrialRecord) : undefined
    const known = Object.assign(new Tally(values && values.length > 1 ? ['minimize', 'maximize'] : ['minimize']), { ...tally, best })
    return { ...rest, tally: known, ...(total === undefined ? {} : { total }), ...(leftMs === undefined ? {} : { leftMs }) }
  })

describe('the text of a bar', () => {
  it('is one line without control characters and never wider than the columns that it may take', () => {
    fc.assert(
      fc.property(snapshots, fc.integer({ min: 1, max: 200 }), fc.boolean(), fc.boolean(), (snapshot, columns, unicode, colours) => {
        const text = stripVTControlCharacters(barText(snapshot, { columns, unicode, colours }))
        expect(text).not.to.match(/\p{Cc}/u)
        expect(columnsOf(text)).to.be.at.most(columns)
        if (!unicode) expect(text).to.match(/^[ -~]*$/)
      }),
      { numRuns: 2000 }
    )
  })

  it('keeps the bar at its place while the texts beside it change', () => {
    const tally = new Tally(['minimize'])
    const look = { columns: 79, unicode: true, colours: false }
    const ends = new Set<number>()
    for (tally.completed = 0; tally.completed <= 200; tally.completed++) {
      tally.pruned = Math.floor(tally.completed / 2)
      const text = barText({ label: 'sma', total: 300, tally, elapsedMs: tally.completed * 7000, leftMs: 5e6, isOver: false }, look)
      ends.add(text.search(/[━╸─] /))
    }
    expect(ends.size).to.equal(1)
  })

  it('is full only when all trials are told', () => {
    const tally = new Tally(['minimize'])
    const at = (told: number): string => {
      tally.completed = told
      return barText({ label: '', total: 1000, tally, elapsedMs: 0, isOver: false }, { columns: 80, unicode: true, colours: false })
    }
    expect(at(999)).to.equal('  ━━━━━━━━━╸  999/1000  99 %  0:00')
    expect(at(1000)).to.equal('  ━━━━━━━━━━ 1000/1000  100 %  0:00')
    expect(at(1200)).to.equal('  ━━━━━━━━━━ 1200/1000  100 %  0:00')
  })

  it('shows values with four digits and times as hours, minutes and seconds', () => {
    const text = (value: number, elapsedMs: number): string => {
      const tally = Object.assign(new Tally(['minimize']), { best: { number: 4, values: [value] } as unknown as TrialRecord })
      return barText({ label: '', tally, elapsedMs, isOver: true }, { columns: 80, unicode: true, colours: false })
    }
    expect(text(0.00123456, 800)).to.equal('  0 trials  best 0.001235 (#4)  in 0.8 s')
    expect(text(-123456.7, 9999)).to.equal('  0 trials  best -123457 (#4)  in 0:09')
    expect(text(42, 3_723_000)).to.equal('  0 trials  best 42 (#4)  in 1:02:03')
    expect(text(1.5e-7, 360_000_000)).to.equal('  0 trials  best 1.500e-7 (#4)  in 100:00:00')
    expect(text(Number.NEGATIVE_INFINITY, 0)).to.equal('  0 trials  best -Infinity (#4)  in 0.0 s')
  })
})

/** Columns as terminals count them, for the characters used here: East Asian and emoji take two, the rest at most one. */
function columnsOf(text: string): number {
  let columns = 0
  for (const character of text)
    columns += /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}]/u.test(character) ? 2 : 1
  return columns
}
