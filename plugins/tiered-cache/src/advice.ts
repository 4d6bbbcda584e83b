import type { TieredCacheStats } from './tiered-cache.ts'

const fewCalls = 10

/** What a cache's statistics say, in sentences: how the tiers do, and which limit to change. Nothing is said before there are calls. */
export function advise(stats: TieredCacheStats): readonly string[] {
  const { hits, misses, tiers = {}, stale = 0 } = stats
  const calls = hits + misses
  if (calls === 0) return []
  const { hot = 0, cold = 0 } = tiers
  const said = `${count(hits, 'hit')} in ${count(calls, 'call')}, ${number(hot)} from memory and ${number(cold)} from files`
  if (calls < fewCalls) return [`${said}: too few to judge.`]
  const staleness =
    stale > 0 ? [`${count(stale, 'table')} handed out past their time: see the \`stale\` events for which sources failed.`] : []
  return [`${said} (${percent(hits / calls)}).`, aboutMemory(stats, hot, cold), aboutFiles(stats), ...staleness]
}

function aboutMemory({ hot }: TieredCacheStats, hotHits: number, coldHits: number): string {
  if (hot.maxBytes === 0) return 'The memory tier is switched off: every hit reads a file. Set `hotBytes`.'
  const used = `Memory is ${percent(hot.bytes / hot.maxBytes)} full`
  if (hot.evictions > 0 && coldHits > hotHits / 10) {
    return `${used} and gave up ${count(hot.evictions, 'table')}, and ${number(coldHits)} hits read a file: raise \`hotBytes\` if there is memory to spare.`
  }
  return hot.evictions > 0
    ? `${used} and gave up ${count(hot.evictions, 'table')}, which does no harm.`
    : `${used}: nothing had to leave it.`
}

function aboutFiles({ entries, bytes, maxBytes = 0, evictions, misses, hits }: TieredCacheStats): string {
  if (maxBytes === 0) return 'The file tier is switched off: what leaves memory is loaded again. Set `coldBytes`.'
  const used = `${count(entries, 'file')} take ${percent(bytes / maxBytes)} of \`coldBytes\``
  if (evictions === 0)
    return misses > hits
      ? `${used}, and nothing was evicted: calls ask for ever other tables, or what they ask for is stale.`
      : `${used}: nothing had to leave.`
  return `${used}, and ${number(evictions)} were evicted: raise \`coldBytes\` if they are asked for again, or try \`eviction: 'size'\` to keep more small ones.`
}

function number(value: number): string {
  return value.toLocaleString('en')
}

function count(value: number, name: string): string {
  return `${number(value)} ${name}${value === 1 ? '' : 's'}`
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`
}
