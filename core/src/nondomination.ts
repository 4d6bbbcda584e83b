/** Points to minimize in every coordinate: one row per trial. */
export type Losses = readonly (readonly number[])[]

export interface RankOptions {
  /** How much each point violates its constraints; those above 0 come after all others, by how much. */
  readonly penalties?: readonly number[]
  /** Ends when this many are ranked; the others share the rank behind. Default: all. */
  readonly atLeast?: number
}

/**
 * The front that each point is on: 0 for those that none dominates, 1 for those that only these dominate, and so on (Deb et al., NSGA-II, 2002,
 * §III-A). Equal points share a rank. Sorting first, each front of two objectives is one pass; of more, one pass per point of the front.
 */
export function nondominationRanks(losses: Losses, { penalties, atLeast = losses.length }: RankOptions = {}): Int32Array {
  const wanted = atLeast || losses.length
  if (!penalties) return unconstrainedRanks(losses, wanted)
  const ranks = new Int32Array(losses.length)
  const feasible = places(losses.length, i => (penalties[i] as number) <= 0)
  const infeasible = places(losses.length, i => (penalties[i] as number) > 0)
  const first = unconstrainedRanks(pick(losses, feasible), wanted)
  for (const [at, i] of feasible.entries()) ranks[i] = first[at] as number
  const behind = first.reduce((most, rank) => Math.max(most, rank), -1) + 1
  const violations = infeasible.map(i => [penalties[i] as number])
  const second = unconstrainedRanks(violations, wanted - feasible.length)
  for (const [at, i] of infeasible.entries()) ranks[i] = behind + (second[at] as number)
  return ranks
}

/** Which points no other one dominates. */
export function onFront(losses: Losses): readonly boolean[] {
  const { unique, inverse } = uniqueSorted(losses)
  const front = frontOfSorted(unique)
  return Array.from(inverse, at => front[at] as boolean)
}

function unconstrainedRanks(losses: Losses, atLeast: number): Int32Array {
  if (losses.length === 0 || atLeast <= 0) return new Int32Array(losses.length)
  const { unique, inverse } = uniqueSorted(losses)
  const ranks = new Int32Array(unique.length)
  // Of one objective every value has its own rank, which sorting has found already.
  if (unique[0]?.length === 1) for (let i = 0; i < ranks.length; i++) ranks[i] = i
  else rankFronts(unique, Math.min(atLeast, unique.length), ranks)
  return inverse.map(at => ranks[at] as number)
}

/** Takes front after front away. */
function rankFronts(unique: Losses, atLeast: number, ranks: Int32Array): void {
  let left = places(unique.length, () => true)
  let rank = 0
  while (unique.length - left.length < atLeast) {
    const front = frontOfSorted(pick(unique, left))
    for (const [at, i] of left.entries()) if (front[at]) ranks[i] = rank
    left = left.filter((_, at) => !front[at])
    rank++
  }
  for (const i of left) ranks[i] = rank
}

/** The front of different points in lexicographic order, in which none is dominated by a later one. */
function frontOfSorted(points: Losses): readonly boolean[] {
  const front: boolean[] = new Array(points.length).fill(false)
  const width = points[0]?.length ?? 0
  if (width === 1) front[0] = true
  else if (width === 2) {
    for (let i = 0, least = Number.NaN; i < points.length; i++) {
      const value = points[i]?.[1] as number
      if (i > 0 && !(value < least)) continue
      least = value
      front[i] = true
    }
  } else {
    let left = places(points.length, () => true)
    while (left.length > 0) {
      const [first] = left as [number]
      front[first] = true
      left = left.filter(i => isBelowSomewhere(points[i] as readonly number[], points[first] as readonly number[]))
    }
  }
  return front
}

/** The first coordinate is sorted and does not count. */
function isBelowSomewhere(point: readonly number[], other: readonly number[]): boolean {
  for (let i = 1; i < point.length; i++) if ((point[i] as number) < (other[i] as number)) return true
  return false
}

/** Different points in lexicographic order, and the place of each point among them. */
function uniqueSorted(losses: Losses): { readonly unique: Losses; readonly inverse: Int32Array } {
  const order = places(losses.length, () => true).sort((a, b) => compare(losses[a] as readonly number[], losses[b] as readonly number[]))
  const unique: (readonly number[])[] = []
  const inverse = new Int32Array(losses.length)
  for (const i of order) {
    const point = losses[i] as readonly number[]
    const last = unique.at(-1)
    if (last === undefined || compare(last, point) !== 0) unique.push(point)
    inverse[i] = unique.length - 1
  }
  return { unique, inverse }
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    if ((a[i] as number) < (b[i] as number)) return -1
    if ((a[i] as number) > (b[i] as number)) return 1
  }
  return 0
}

function places(count: number, keep: (i: number) => boolean): number[] {
  const kept: number[] = []
  for (let i = 0; i < count; i++) if (keep(i)) kept.push(i)
  return kept
}

function pick(losses: Losses, at: readonly number[]): Losses {
  return at.map(i => losses[i] as readonly number[])
}
