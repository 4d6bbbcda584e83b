import { expect } from 'chai'
// The room is not public; `optimize` waits in it.
import { WaitingRoom } from '../../../plugins/dedup/src/waiting-room.ts'

const never = new AbortController().signal

/** A room in which trials wait for 0, and the order in which they wake or leave. */
function waiting(trials: readonly number[], signals: Readonly<Record<number, AbortSignal>> = {}) {
  const room = new WaitingRoom()
  const order: (number | string)[] = []
  room.begin(0)
  for (const trial of trials)
    room.wait(0, trial, signals[trial] ?? never).then(
      () => order.push(trial),
      (reason: unknown) => order.push(`${trial} ${reason}`)
    )
  return { room, order }
}
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('the room where twins wait', () => {
  it('wakes all that wait, lowest number first, for an outcome that they can take over', async () => {
    const { room, order } = waiting([3, 1, 2])
    expect(room.end(0, true)).to.equal(undefined)
    await settled()
    expect(order).to.deep.equal([1, 2, 3])
    expect(room.has(0)).to.equal(false)
  })

  it('wakes the lowest number alone where there is none; the others wait for that one from then on', async () => {
    const { room, order } = waiting([3, 1, 2])
    expect(room.end(0, false)).to.equal(1)
    await settled()
    expect(order).to.deep.equal([1])
    expect(room.has(1)).to.equal(true)
    expect(room.end(1, false)).to.equal(2)
    expect(room.end(2, true)).to.equal(undefined)
    await settled()
    expect(order).to.deep.equal([1, 2, 3])
  })

  it('lets a trial leave with its signal, also while it waits for another than at first', async () => {
    const abort = new AbortController()
    const { room, order } = waiting([1, 2, 3], { 2: abort.signal })
    room.end(0, false)
    abort.abort('enough')
    await settled()
    expect(order).to.deep.equal([1, '2 enough'])
    expect(room.end(1, false)).to.equal(3)
    await settled()
    expect(order).to.deep.equal([1, '2 enough', 3])
    expect(room.end(3, false)).to.equal(undefined)
    expect(await room.wait(5, 6, abort.signal).catch((reason: unknown) => reason)).to.equal('enough')
    expect(room.has(5)).to.equal(false)
  })
})
