import { SingleFlight } from '@rxtuna/core/cache'
import { expect } from 'chai'

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.fail('expected a rejection'),
    error => error
  )

/** A load that ends when the test says so. */
function gate<V>() {
  const { promise, resolve, reject } = Promise.withResolvers<V>()
  const signals: AbortSignal[] = []
  const load = (signal: AbortSignal): Promise<V> => {
    signals.push(signal)
    return promise
  }
  return { load, signals, resolve, reject }
}

describe('SingleFlight', () => {
  it('causes one load for callers of one key, and counts the others as joined', async () => {
    let joined = 0
    const flights = new SingleFlight<number>(() => joined++)
    const { load, signals, resolve } = gate<number>()
    const callers = [1, 2, 3, 4].map(() => flights.run('a', load))
    const other = flights.run('b', async () => 7)
    expect(flights.has('a')).to.equal(true)
    resolve(5)
    expect(await Promise.all(callers)).to.deep.equal([5, 5, 5, 5])
    expect(await other).to.equal(7)
    expect(signals.length).to.equal(1)
    expect(joined).to.equal(3)
    expect(flights.size).to.equal(0)
  })

  it('rejects all callers of a failed load with its error, and loads anew for the next', async () => {
    const flights = new SingleFlight<number>()
    const { load, reject } = gate<number>()
    const callers = [flights.run('a', load), flights.run('a', load)].map(rejection)
    const error = new Error('no disk')
    reject(error)
    expect(await Promise.all(callers)).to.deep.equal([error, error])
    expect(await flights.run('a', async () => 2)).to.equal(2)
  })

  it('treats a load that throws at once like one that rejects', async () => {
    const flights = new SingleFlight<number>()
    const load = (): Promise<number> => {
      throw new RangeError('at once')
    }
    expect(await rejection(flights.run('a', load))).to.be.instanceOf(RangeError)
    expect(flights.size).to.equal(0)
  })

  it("lets an aborted caller leave with its signal's reason while the others wait on", async () => {
    const flights = new SingleFlight<number>()
    const { load, signals, resolve } = gate<number>()
    const leaving = new AbortController()
    const first = rejection(flights.run('a', load, leaving.signal))
    const second = flights.run('a', load)
    leaving.abort('had enough')
    expect(await first).to.equal('had enough')
    expect(signals[0]?.aborted).to.equal(false)
    resolve(3)
    expect(await second).to.equal(3)
  })

  it('aborts the load when the last caller has left, and starts anew for whoever comes next', async () => {
    const flights = new SingleFlight<number>()
    const { load, signals, reject } = gate<number>()
    const callers = [new AbortController(), new AbortController()]
    const left = callers.map(caller => rejection(flights.run('a', load, caller.signal)))
    callers[0]?.abort('one')
    expect(signals[0]?.aborted).to.equal(false)
    callers[1]?.abort('two')
    expect(await Promise.all(left)).to.deep.equal(['one', 'two'])
    expect(signals[0]?.aborted).to.equal(true)
    expect(signals[0]?.reason).to.equal('two')
    expect(await flights.run('a', async () => 9)).to.equal(9)
    // The abandoned load fails at last: nobody hears of it, and no rejection is left unhandled.
    reject(new Error('aborted'))
    await flights.abort('end')
  })

  it('does not load for a caller that has aborted before', async () => {
    const flights = new SingleFlight<number>()
    const { load, signals } = gate<number>()
    expect(await rejection(flights.run('a', load, AbortSignal.abort('before')))).to.equal('before')
    expect(signals.length).to.equal(0)
  })

  it('lets a caller leave that its own load aborts', async () => {
    const flights = new SingleFlight<number>()
    const caller = new AbortController()
    const load = (): Promise<number> => {
      caller.abort('inside')
      return new Promise(() => {})
    }
    expect(await rejection(flights.run('a', load, caller.signal))).to.equal('inside')
  })

  it('leaves no listener on a signal that outlives many loads', async () => {
    const flights = new SingleFlight<number>()
    const { signal } = new AbortController()
    let listeners = 0
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...of: Parameters<typeof add>) => {
      listeners++
      add(...of)
    }
    signal.removeEventListener = (...of: Parameters<typeof remove>) => {
      listeners--
      remove(...of)
    }
    for (let i = 0; i < 10; i++) await flights.run('a', async () => i, signal)
    await Promise.resolve()
    expect(listeners).to.equal(0)
  })

  it('aborts and awaits all loads, also one that everybody has left', async () => {
    const flights = new SingleFlight<number>()
    const left = gate<number>()
    const caller = new AbortController()
    const gone = rejection(flights.run('a', left.load, caller.signal))
    caller.abort('gone')
    await gone
    const waiting = gate<number>()
    const waits = flights.run('a', waiting.load)
    let settled = false
    const abort = flights.abort('closing').then(() => {
      settled = true
    })
    expect(waiting.signals[0]?.reason).to.equal('closing')
    waiting.resolve(1)
    expect(await waits).to.equal(1)
    expect(settled).to.equal(false)
    left.resolve(0)
    await abort
    expect(settled).to.equal(true)
  })
})
