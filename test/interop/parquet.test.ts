import { readFile, writeFile } from 'node:fs/promises'
import { decodeParquet, encodeParquet } from '@rxtuna/tiered-cache'
import type { Table } from 'apache-arrow'
import { expect } from 'chai'
import { loadBars } from '../../examples/sma-crossover/bars.ts'
import { daily, failures, workspace } from '../plugins/tiered-cache/workspace.ts'
import {
  type Column,
  columns,
  fieldMetadata,
  fullRows,
  metadata,
  shownTable,
  spelledColumn,
  type Tool,
  tableOfColumns,
  tools
} from './parquet-columns.ts'
import { readingProgram, type ShownFile, type WriteRequest, writingProgram } from './parquet-programs.ts'
import { needsParquetTools, runParquetTools } from './python.ts'

type Written = 'snappy' | 'zstd' | 'empty' | 'prices'
type PerFile<T> = Readonly<Record<Written, T>>

/** What a column is for whoever opens it. */
interface Opened {
  readonly type: string
  readonly units?: bigint
}

describe('Parquet:', function () {
  this.timeout(60_000)
  before(needsParquetTools)
  const place = workspace()
  after(() => place[Symbol.asyncDispose]())
  let ours: PerFile<string>
  let bars: Table

  before('write ours', async () => {
    const cache = await place.open()
    const failed = failures(cache)
    const put = async (name: Written, table: Table): Promise<string> => {
      await cache.put(daily(name), table)
      return place.file(place.files().find(file => file.startsWith(cache.key(daily(name)))) ?? '')
    }
    bars = await loadBars(['FB', 'IBM'])
    const table = tableOfColumns(fullRows)
    const zstd = place.file('zstd.parquet')
    await writeFile(zstd, await encodeParquet(table, { compression: 'zstd' }))
    ours = { snappy: await put('snappy', table), zstd, empty: await put('empty', tableOfColumns(0)), prices: await put('prices', bars) }
    expect(failed).to.deep.equal([])
  })

  for (const tool of tools) {
    describe(`our files, opened in ${tool},`, () => {
      same(
        tool,
        async () => {
          const shown = JSON.parse(await runParquetTools(readingProgram(tool), ...Object.values(ours))) as Record<string, ShownFile>
          return perFile(async name => shown[ours[name]] as ShownFile)
        },
        ({ [tool]: { reads, units } }) => ({ type: reads, ...(units !== undefined && { units }) })
      )
    })

    describe(`the files of ${tool}, opened by us,`, () => {
      same(
        tool,
        async () => {
          const paths = await perFile(async name => place.file(`${tool}-${name}.parquet`))
          const path = place.file(`${tool}.json`)
          await writeFile(path, JSON.stringify(writeRequest(tool, paths, ours.prices)))
          const codecs = JSON.parse(await runParquetTools(writingProgram(tool), path)) as Record<string, readonly string[]>
          return perFile(async name => shownFile(await decodeParquet(await readFile(paths[name])), codecs[paths[name]] ?? []))
        },
        ({ type, [tool]: { back, units } }) => ({ type: String(back ?? type), ...(back && units !== undefined && { units }) })
      )
    })
  }

  function same(tool: Tool, open: () => Promise<PerFile<ShownFile>>, opened: (column: Column) => Opened): void {
    let files: PerFile<ShownFile>
    before('open', async () => {
      files = await open()
    })

    for (const [name, column] of Object.entries(columns)) {
      it(`have the same ${name}`, () => {
        const { type, units } = opened(column)
        expect(files.snappy.columns[name]).to.deep.equal({ type, values: spelledColumn(column, fullRows, units) })
      })
    }

    it('have the same columns whether Snappy or Zstandard compresses them', () => {
      expect([files.snappy.codecs, files.zstd.codecs]).to.deep.equal([['SNAPPY'], ['ZSTD']])
      expect(files.zstd.columns).to.deep.equal(files.snappy.columns)
    })

    it('have the types of their columns when they are empty', () => {
      const empty = Object.entries(columns).map(([name, column]) => [name, { type: opened(column).type, values: [] }])
      expect(files.empty.columns).to.deep.equal(Object.fromEntries(empty))
    })

    it('have the same prices to the last bit', () => {
      const types = { symbol: columns.categories, day: columns['32-bit integers'] } as Readonly<Record<string, Column>>
      const floats = columns['floats, with NaN and null apart'] as Column
      const prices = Object.entries(shownTable(bars)).map(([name, { values }]) => [
        name,
        { type: opened(types[name] ?? floats).type, values }
      ])
      expect(files.prices.columns).to.deep.equal(Object.fromEntries(prices))
      expect(files.prices.columns.close?.values).to.have.lengthOf(3466)
    })

    if (tool !== 'pyarrow') return
    it('have the same metadata of the schema and of a field', () => {
      expect(files.snappy.metadata).to.deep.equal(metadata)
      expect(files.snappy.fieldMetadata).to.deep.equal(fieldMetadata)
    })
  }
})

async function perFile<T>(make: (name: Written) => Promise<T>): Promise<PerFile<T>> {
  const [snappy, zstd, empty, prices] = await Promise.all([make('snappy'), make('zstd'), make('empty'), make('prices')])
  return { snappy, zstd, empty, prices }
}

function writeRequest(tool: Tool, paths: PerFile<string>, prices: string): WriteRequest {
  const file = (name: Written, compression: 'snappy' | 'zstd', rows: number): WriteRequest['files'][number] => ({
    path: paths[name],
    compression,
    columns: Object.entries(columns).map(([name, column]) => ({
      name,
      type: column[tool].writes ?? column[tool].reads,
      kind: typeof column.values[0],
      values: spelledColumn(column, rows, column[tool].units)
    }))
  })
  const files = [file('snappy', 'snappy', fullRows), file('zstd', 'zstd', fullRows), file('empty', 'snappy', 0)]
  return { files, copy: [prices, paths.prices], metadata, fieldMetadata }
}

function shownFile(table: Table, codecs: readonly string[]): ShownFile {
  const { metadata, fields } = table.schema
  return {
    columns: shownTable(table),
    codecs,
    metadata: Object.fromEntries(metadata),
    fieldMetadata: Object.fromEntries(fields[0]?.metadata ?? [])
  }
}
