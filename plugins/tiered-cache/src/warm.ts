import type { Table } from 'apache-arrow'
import type { TableRequest } from './key.ts'
import type { Columns } from './table.ts'
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

type GetOrLoad = (request: TableRequest, load: (signal: AbortSignal) => Promise<Table | Columns>, options: GetOptions) => Promise<Table>

/** Asks for every table, `concurrency` at a time. Rejects with the signal's reason. */
export async function warm(
  getOrLoad: GetOrLoad,
  requests: readonly TableRequest[],
  load: (request: TableRequest, signal: AbortSignal) => Promise<Table | Columns>,
  { concurrency = 4, onProgress, ...options }: WarmOptions
): Promise<Warmed> {
  const failed: { request: TableRequest; error: unknown }[] = []
  const left = requests.values()
  let loaded = 0
  let found = 0
  const one = async (request: TableRequest): Promise<void> => {
    let isLoaded = false
    const loading = (signal: AbortSignal): Promise<Table | Columns> => {
      isLoaded = true
      return load(request, signal)
    }
    try {
      await getOrLoad(request, loading, options)
      if (isLoaded) loaded++
      else found++
    } catch (error) {
      options.signal?.throwIfAborted()
      failed.push({ request, error })
    }
    onProgress?.(loaded + found + failed.length, requests.length)
  }
  const lane = async (): Promise<void> => {
    for (const request of left) await one(request)
  }
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, lane))
  return { loaded, found, failed }
}
