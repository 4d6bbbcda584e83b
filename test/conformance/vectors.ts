import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** One question and the answer of Optuna, decoded: numbers that JSON does not have are numbers. */
export interface VectorCase {
  readonly id: string
  readonly input: unknown
  readonly expected: unknown
}
export interface Tolerance {
  readonly rtol: number
  readonly atol: number
  readonly exact: boolean
}
export interface VectorFile {
  readonly component: string
  readonly tolerance: Tolerance
  readonly cases: readonly VectorCase[]
}

/** Every vector file of a folder, in the order of their names. */
export async function readVectors(directory: string): Promise<readonly VectorFile[]> {
  const names = (await readdir(directory)).filter(name => name.endsWith('.json')).sort()
  return Promise.all(names.map(async name => vectorFile(name, await readFile(join(directory, name), 'utf8'))))
}

function vectorFile(name: string, text: string): VectorFile {
  const { meta, cases } = JSON.parse(text, decoded)
  if (typeof meta?.component !== 'string' || !Array.isArray(cases))
    throw new Error(`Expected { meta: { component }, cases } in ${name}, got something else.`)
  const { rtol = 0, atol = 0, exact = false } = meta.tolerance ?? {}
  return { component: meta.component, tolerance: { rtol, atol, exact }, cases }
}

const tokens: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, '-inf': Number.NEGATIVE_INFINITY }

function decoded(_key: string, value: unknown): unknown {
  const token = typeof value === 'object' && value !== null && '$f' in value ? value.$f : undefined
  return typeof token === 'string' ? tokens[token] : value
}
