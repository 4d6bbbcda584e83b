import { type Data, DataType, Vector } from 'apache-arrow'
import { problem } from './errors.ts'
import { inRows, type Sliced } from './slices.ts'

/** A column of text as codes: `texts[codes[row]]` is the row's text. Codes count in order of first appearance. */
export interface TextCodes {
  readonly codes: Int32Array
  readonly texts: readonly string[]
}

/** Codes of a column of text, plain or dictionary-encoded. Throws a sentence that names the column for nulls and for other types. */
export function* textCodes(name: string, vector: Vector): Sliced<TextCodes> {
  const type: DataType = vector.type
  const valueType: DataType = DataType.isDictionary(type) ? type.dictionary : type
  const text = DataType.isUtf8(valueType) || DataType.isLargeUtf8(valueType) || DataType.isUtf8View(valueType)
  if (!text) throw problem('KEY_TYPE', name, `${type}`)
  if (vector.nullCount > 0) throw problem('COLUMN_NULLS', name, vector.nullCount)

  const coder = new Coder()
  const codes = new Int32Array(vector.length)
  let start = 0
  for (const data of vector.data) {
    const into = codes.subarray(start, start + data.length)
    const code = DataType.isDictionary(type) ? fromDictionary : DataType.isUtf8View(type) ? fromValues : fromBytes
    yield* inRows(data.length, code(data, into, coder, name))
    start += data.length
  }
  return { codes, texts: coder.texts }
}

/** Codes some rows of a chunk, from the first on. */
type CodeRows = (begin: number, end: number) => void

/** Gives each text a number, the next one when it is new. */
class Coder {
  readonly texts: string[] = []
  readonly #codes = new Map<string, number>()

  code(text: string): number {
    let code = this.#codes.get(text)
    if (code === undefined) {
      code = this.texts.push(text) - 1
      this.#codes.set(text, code)
    }
    return code
  }
}

function fromDictionary({ values, dictionary }: Data, into: Int32Array, coder: Coder, name: string): CodeRows {
  // Chunks may bring dictionaries of their own, with other codes or a text twice: each is translated once per code that occurs.
  const translated = new Int32Array(dictionary?.length ?? 0).fill(-1)
  return (begin, end) => {
    for (let row = begin; row < end; row++) {
      const at = Number(values[row])
      let code = translated[at] as number
      if (code < 0) {
        const text: string | null = dictionary?.get(at)
        if (text === null) throw problem('COLUMN_NULLS', name, 1)
        code = coder.code(text)
        translated[at] = code
      }
      into[row] = code
    }
  }
}

function fromValues(data: Data, into: Int32Array, coder: Coder): CodeRows {
  const chunk = new Vector([data])
  return (begin, end) => {
    for (let row = begin; row < end; row++) into[row] = coder.code(chunk.get(row))
  }
}

interface Known {
  readonly bytes: Uint8Array
  readonly code: number
  /** Another text of the same hash. */
  readonly next: Known | undefined
}

/** Compares bytes, because decoding a text per row costs more than all the rest. */
function fromBytes({ values, valueOffsets }: Data, into: Int32Array, coder: Coder): CodeRows {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const known = new Map<number, Known>()
  let last: Known | undefined
  return (from, to) => {
    let begin = Number(valueOffsets[from])
    for (let row = from; row < to; row++) {
      const end = Number(valueOffsets[row + 1])
      if (!last || !equal(last.bytes, values, begin, end)) {
        let hash = 0x811c9dc5
        for (let i = begin; i < end; i++) hash = Math.imul(hash ^ values[i], 0x01000193)
        const chain = known.get(hash)
        last = chain
        while (last && !equal(last.bytes, values, begin, end)) last = last.next
        if (!last) {
          const bytes: Uint8Array = values.slice(begin, end)
          last = { bytes, code: coder.code(decoder.decode(bytes)), next: chain }
          known.set(hash, last)
        }
      }
      into[row] = last.code
      begin = end
    }
  }
}

function equal(bytes: Uint8Array, values: Uint8Array, begin: number, end: number): boolean {
  const { length } = bytes
  if (length !== end - begin) return false
  for (let i = 0; i < length; i++) if (bytes[i] !== values[begin + i]) return false
  return true
}
