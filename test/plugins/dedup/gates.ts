import { type ParamValue, type Sampler, samplers } from '@rxtuna/core'

/** Doors by number: a trial waits at its own until somebody opens it, before or after it came. */
export class Gates {
  readonly #doors = new Map<number, PromiseWithResolvers<number>>()
  readonly #arrivals = new Map<number, PromiseWithResolvers<void>>()
  /** The numbers that came, in order. */
  readonly arrived: number[] = []

  /** Resolves with what the door is opened with. */
  pass(number: number): Promise<number> {
    this.arrived.push(number)
    this.#arrival(number).resolve()
    return this.#door(number).promise
  }

  /** Resolves when that number has come. */
  arrival(number: number): Promise<void> {
    return this.#arrival(number).promise
  }

  open(number: number, value = 0): void {
    this.#door(number).resolve(value)
  }

  fail(number: number, error: unknown): void {
    this.#door(number).promise.catch(() => undefined)
    this.#door(number).reject(error)
  }

  #door(number: number): PromiseWithResolvers<number> {
    return entry(this.#doors, number)
  }
  #arrival(number: number): PromiseWithResolvers<void> {
    return entry(this.#arrivals, number)
  }
}

/** Draws what the list says for each trial, whatever the attempt. */
export function listed(values: readonly ParamValue[]): Sampler {
  return { ...samplers.random(), name: 'listed', sample: (_name, _distribution, { trial }) => values[trial % values.length] as ParamValue }
}

function entry<V>(map: Map<number, PromiseWithResolvers<V>>, number: number): PromiseWithResolvers<V> {
  let found = map.get(number)
  if (!found) {
    found = Promise.withResolvers<V>()
    map.set(number, found)
  }
  return found
}
