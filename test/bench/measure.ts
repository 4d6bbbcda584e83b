import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What a figure must hold; an absolute time should have none unless an issue names it. */
export type Floor = { readonly atMost: number } | { readonly atLeast: number }

export interface Figure {
  readonly name: string
  readonly value: number
  /** `µs`, `x`, `MB`, … */
  readonly unit: string
  readonly floor?: Floor
}

/** What each `NAME.bench.ts` exports as `bench`. */
export interface Bench {
  readonly title: string
  run(): Promise<readonly Figure[]>
}

/** One way of doing a thing, ready to be measured once. */
export interface Prepared {
  /** Does the operations that it was prepared for; only this is measured. */
  run(): unknown
  close?(): unknown
}
/** Prepares a variant for one round: opens a study, fills a table. */
export type Variant = (operations: number) => Prepared | Promise<Prepared>

export interface MeasureOptions {
  /** Operations of each variant in a round: enough for some ten milliseconds. Default 1,000. */
  readonly operations?: number
  /** Measured rounds. Default 15. */
  readonly rounds?: number
  /** Rounds before them, which do not count. Default 3. */
  readonly warmup?: number
  /** What is measured: the CPU time of the whole process, or the time that passes, waiting for a disk included. Default `cpu`. */
  readonly time?: 'cpu' | 'wall'
}

export interface Measured<Name extends string> {
  /** Time of one operation in µs: the median of the rounds. */
  perOperation(name: Name): number
  /** How much more an operation of `name` costs than one of `base`, in µs: the median of the differences within a round. */
  difference(name: Name, base: Name): number
  /** The cost of `name` over that of `base`: the median of the ratios within a round. */
  ratio(name: Name, base: Name): number
}

/**
 * Measures the time of several variants in one process, in rounds of all of them, each round in the reverse order of the one before,
 * so that what drifts (heat, neighbours, the heap) falls on all alike. CPU time is that of the whole process, its helper threads included.
 */
export async function interleaved<Name extends string>(
  variants: Readonly<Record<Name, Variant>>,
  { operations = 1_000, rounds = 15, warmup = 3, time = 'cpu' }: MeasureOptions = {}
): Promise<Measured<Name>> {
  const names = Object.keys(variants) as Name[]
  const microseconds = new Map(names.map(name => [name, [] as number[]]))
  for (let round = -warmup; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const cost = await timeOf(await variants[name](operations), time)
      if (round >= 0) microseconds.get(name)?.push(cost / operations)
    }
  }
  const samples = (name: Name): readonly number[] => microseconds.get(name) ?? []
  const within = (name: Name, base: Name, compare: (a: number, b: number) => number) =>
    median(samples(name).map((cost, round) => compare(cost, samples(base)[round] ?? Number.NaN)))
  return {
    perOperation: name => median(samples(name)),
    difference: (name, base) => within(name, base, (a, b) => a - b),
    ratio: (name, base) => within(name, base, (a, b) => a / b)
  }
}

/** The middle one, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2
}

/** The one of this rank, 1 being the smallest; NaN if there are not so many. */
export function smallest(values: readonly number[], rank: number): number {
  return values.toSorted((a, b) => a - b)[rank - 1] ?? Number.NaN
}

/**
 * The longest time in ms for which the event loop came to nothing else while `work` was under way: the longest gap between two calls of a timer of
 * 1 ms. It counts that millisecond as well, so it never says less than a block lasted. A timer, because a loop of `setImmediate` keeps the main
 * thread busy, which takes a core away from the threads that are to spare it; and not `monitorEventLoopDelay`, whose timer is the same, but which
 * sees a block at the end only if it goes on for a tick more.
 */
export async function longestBlock(work: () => unknown): Promise<number> {
  let longest = 0
  let last = performance.now()
  const look = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }
  const watching = setInterval(look, 1)
  try {
    await work()
    look()
  } finally {
    clearInterval(watching)
  }
  return longest
}

/** Whether a figure is on the right side of its floor; a figure without one always is, and NaN never. */
export function holds({ value, floor }: Figure): boolean {
  if (floor === undefined) return true
  return 'atMost' in floor ? value <= floor.atMost : value >= floor.atLeast
}

/**
 * Time of one run in µs, begun with the young garbage of others collected. Not a full collection: V8 then throws compiled code away, and each
 * round would begin with the compiler's work again, which no program pays for.
 */
async function timeOf(prepared: Prepared, time: 'cpu' | 'wall'): Promise<number> {
  collectGarbage({ type: 'minor' })
  const start = performance.now()
  const before = process.cpuUsage()
  await prepared.run()
  const { user, system } = process.cpuUsage(before)
  const wall = 1_000 * (performance.now() - start)
  await prepared.close?.()
  return time === 'cpu' ? user + system : wall
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as (options: { readonly type: 'minor' }) => void
