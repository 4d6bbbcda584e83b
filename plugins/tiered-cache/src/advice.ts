import type { Eviction } from './eviction.ts'
import type { TieredCacheStats } from './tiered-cache.ts'

/** What advice rests on. */
export interface Advised extends TieredCacheStats {
  readonly eviction: Eviction
  /** Why nothing can be stored. */
  readonly problem: Error | undefined
  /** Tables that were not kept because their file alone is over the limit. */
  readonly tooLarge: number
}

const fewCalls = 10

/** What a cache's statistics say, in sentences: how the tiers do, and which limit to change. Nothing is said before there are calls, but of a disk that cannot be used. */
export function advise(stats: Advised): readonly string[] {
  const { hits, misses, tiers = {}, stale = 0, problem, tooLarge } = stats
  const calls = hits + misses
  const troubles = problem ? [`Nothing is stored: ${problem.message}`] : []
  if (calls === 0) return troubles
  const { hot = 0, cold = 0 } = tiers
  const said = `${count(hits, 'hit')} in ${count(calls, 'call')}, ${number(hot)} from memory and ${number(cold)} from files`
  if (calls < fewCalls) return [`${said}: too few to judge.`, ...troubles]
  if (tooLarge > 0)
    troubles.push(`${count(tooLarge, 'table')} did not fit into \`coldBytes\` and ${tooLarge === 1 ? 'was' : 'were'} not stored: raise it.`)
  if (stale > 0)
    troubles.push(
      `${count(stale, 'table')} handed out past ${stale === 1 ? 'its' : 'their'} time: the \`stale\` events name the sources that failed.`
    )
  const misused = hits === 0 ? ['No call was a hit: does each ask for something else, or is what it asks for stale?'] : []
  return [
    `${said} (${percent(hits / calls)}).`,
    ...misused,
    aboutMemory(stats, hot, cold),
    ...(problem ? [] : [aboutFiles(stats)]),
    ...troubles
  ]
}

function aboutMemory({ hot, maxBytes }: Advised, hotHits: number, coldHits: number): string {
  if (hot.maxBytes === 0)
    return maxBytes === 0
      ? 'Both tiers are switched off: set `hotBytes`.'
      : 'The memory tier is switched off: every hit reads a file. Set `hotBytes`.'
  const used = `Memory is ${percent(hot.bytes / hot.maxBytes)} full`
  if (hot.evictions === 0) return `${used}: nothing had to leave it.`
  const left = `${used}, and ${count(hot.evictions, 'table')} had to leave it`
  return coldHits > hotHits / 10
    ? `${left}; ${count(coldHits, 'hit')} read a file: raise \`hotBytes\` if there is memory to spare.`
    : `${left}, which does no harm.`
}

function aboutFiles({ entries, bytes, maxBytes = 0, evictions, eviction }: Advised): string {
  if (maxBytes === 0) return 'The file tier is switched off: what is not in memory is loaded again. Set `coldBytes`.'
  const used = `${count(entries, 'file')} ${entries === 1 ? 'takes' : 'take'} ${percent(bytes / maxBytes)} of \`coldBytes\``
  if (evictions === 0) return `${used}: nothing had to leave.`
  const smaller = eviction === 'size' ? '' : ", or try `eviction: 'size'`, which keeps more small ones"
  return `${used}, and ${number(evictions)} had to leave: raise it if they are asked for again${smaller}.`
}

function number(value: number): string {
  return value.toLocaleString('en')
}

function count(value: number, name: string): string {
  return `${number(value)} ${name}${value === 1 ? '' : 's'}`
}

function percent(share: number): string {
  return share > 0 && share < 0.01 ? 'less than 1 %' : `${Math.round(100 * share)} %`
}
