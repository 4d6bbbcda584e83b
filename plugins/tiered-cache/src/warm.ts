import type { Table } from 'apache-arrow'
import { failure } from './errors.ts'
import type { TableRequest } from './key.ts'
import type { Loaded } from './table.ts'
import type { GetOptions } from './tiered-cache.ts'

export interface WarmOptions extends GetOptions {
  /** How many at a time. Default 4. */
  readonly concurrency?: number
  /** Called after each table. */
  readonly onProgress?: (done: number, total: number) => void
}

/** What warming came to. */
export interface Warmed {
  readonly loaded: number
  /** Tables that were there already, or that others loaded meanwhile. */
  readonly found: number
  readonly failed: readonly { readonly request: TableRequest; readonly error: unknown }[]
}

type GetOrLoad = (request: TableRequest, load: (signal: AbortSignal) => Loaded | Promise<Loaded>, options: GetOptions) => Promise<Table>

/** Asks for every table, `concurrency` at a time. Rejects with the signal's reason. */
export async function warm(
  getOrLoad: GetOrLoad,
  requests: readonly TableRequest[],
  load: (request: TableRequest, signal: AbortSignal) => Loaded | Promise<Loaded>,
  { concurrency = 4, onProgress, ...options }: WarmOptions
): Promise<Warmed> {
  if (!Array.isArray(requests)) throw failure('TIERED_OPTION_SHAPE', ['requests', 'an array of table requests', requests])
  if (typeof load !== 'function') throw failure('TIERED_LOAD', [load])
  if (!(Number.isSafeInteger(concurrency) && concurrency >= 1))
    throw failure('TIERED_OPTION_SHAPE', ['concurrency', 'a whole number, 1 or more', concurrency])
  const failed: { request: TableRequest; error: unknown }[] = []
  const left = requests.values()
  let loaded = 0
  let found = 0
  const one = async (request: TableRequest): Promise<void> => {
    let isLoaded = false
    let error: unknown
    const loading = async (signal: AbortSignal): Promise<Loaded> => {
      try {
        const given = await load(request, signal)
        isLoaded = true
        return given
      } catch (reason) {
        error = reason
        throw reason
      }
    }
    try {
      await getOrLoad(request, loading, options)
    } catch (reason) {
      options.signal?.throwIfAborted()
      error = reason
    }
    // A source that failed is told, though a stale table may have stood in for its.
    if (error !== undefined) failed.push({ request, error })
    else if (isLoaded) loaded++
    else found++
    onProgress?.(loaded + found + failed.length, requests.length)
  }
  const lane = async (): Promise<void> => {
    for (const request of left) await one(request)
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
  return { loaded, found, failed }
}
