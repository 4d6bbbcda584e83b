import type { Data, Table } from 'apache-arrow'
import { failure } from './errors.ts'

/** Throws `TIERED_TABLE` for anything else than an Arrow table. */
export function checkTable(table: Table): void {
  // Not `instanceof`: a project may have two copies of apache-arrow, and both make good tables.
  if (typeof table !== 'object' || table === null || !Array.isArray(table.batches) || table.schema === undefined) {
    throw failure('TIERED_TABLE', [table])
  }
}

/** Bytes of memory that a table keeps alive: each buffer under its columns once, whole, even where a column sees a part of it. */
export function tableBytes(table: Table): number {
  const buffers = new Set<ArrayBufferLike>()
  for (const batch of table.batches) collect(batch.data, buffers)
  let bytes = 0
  for (const buffer of buffers) bytes += buffer.byteLength
  return bytes
}

function collect(data: Data, into: Set<ArrayBufferLike>): void {
  // The declared types leave out that each of these may be absent, depending on the column's type.
  const views: (ArrayBufferView | undefined)[] = [data.values, data.valueOffsets, data.nullBitmap, data.typeIds, ...data.variadicBuffers]
  for (const view of views) if (view?.buffer) into.add(view.buffer)
  for (const child of data.children) collect(child, into)
  for (const part of data.dictionary?.data ?? []) collect(part, into)
}
