import { hash } from 'node:crypto'
import { failure } from './errors.ts'

const fields: ReadonlySet<string> = new Set(['symbols', 'startDate', 'endDate', 'resolution', 'dataSource', 'extra'])

/** What a table is asked for by: everything that makes it what it is. */
export interface TableRequest {
  /** Their order and repetitions do not matter. */
  readonly symbols: readonly string[]
  readonly startDate: string
  readonly endDate: string
  /** Such as `1d` or `5m`. */
  readonly resolution: string
  readonly dataSource: string
  /** What else makes the table another one: adjustment, time zone, the data's version. Enters the key only where given. */
  readonly extra?: Readonly<Record<string, string>>
}

/** A request as its canonical text spells it. */
interface Spelled {
  readonly symbols: readonly string[]
  readonly start_date: string
  readonly end_date: string
  readonly resolution: string
  readonly data_source: string
  readonly extra?: Readonly<Record<string, string>>
}

/** A request in its canonical form, and its key. */
export interface Identity {
  readonly key: string
  readonly text: string
}

/**
 * The canonical text of a request: its JSON as Python's `json.dumps(…, sort_keys=True)` spells it, symbols sorted by code point and each once.
 * Throws `TIERED_REQUEST` for anything else than strings.
 */
export function requestText(request: TableRequest): string {
  if (typeof request !== 'object' || request === null) throw failure('TIERED_REQUEST_SHAPE', [request])
  for (const name in request) if (!fields.has(name)) throw failure('TIERED_REQUEST_FIELD', [name])
  const { symbols, startDate, endDate, resolution, dataSource, extra } = request
  if (!Array.isArray(symbols)) throw failure('TIERED_REQUEST', ['symbols', 'an array of strings', symbols])
  for (const symbol of symbols) if (typeof symbol !== 'string') throw failure('TIERED_REQUEST', ['symbols', 'an array of strings', symbols])
  const names = symbols.length > 1 ? [...new Set<string>(symbols)].sort(byCodePoint) : symbols
  const list = names.map((name: string) => text('symbols', name)).join(', ')
  const start = text('startDate', startDate)
  const end = text('endDate', endDate)
  const further = extra === undefined ? '' : extraText(extra)
  return `{"data_source": ${text('dataSource', dataSource)}, "end_date": ${end}, ${further}"resolution": ${text('resolution', resolution)}, "start_date": ${start}, "symbols": [${list}]}`
}

/** The first 16 hexadecimal digits of the text's SHA-256. */
export function keyOfText(requestText: string): string {
  return hash('sha256', requestText, 'hex').slice(0, 16)
}

/** The request of a canonical text; undefined when it is none, such as one from a damaged database. */
export function requestOf(text: string): TableRequest | undefined {
  try {
    // Checked by spelling it again.
    const { symbols, start_date, end_date, resolution, data_source, extra } = JSON.parse(text) as Spelled
    const request = { symbols, startDate: start_date, endDate: end_date, resolution, dataSource: data_source, ...(extra && { extra }) }
    return requestText(request) === text ? request : undefined
  } catch {
    return undefined
  }
}

/** What a request's load is like: loads of one source, resolution and number of symbols take about as long. */
export function loadKind({ dataSource, resolution, symbols }: TableRequest): string {
  return `${dataSource} ${resolution} ${symbols.length}`
}

/** What file names and the database can hold; throws `TIERED_KEY` otherwise. */
export function checkKey(key: unknown): string {
  if (typeof key !== 'string' || !/^[\w-]{1,64}$/.test(key)) throw failure('TIERED_KEY', [key])
  return key
}

interface Known {
  readonly identity: Identity
  /** How many fields it has: one more may be one that nobody knows. */
  readonly size: number
  readonly request: TableRequest
}

const slots = 64

/** Identifies requests; those of late are compared with rather than spelled and hashed again. */
export function identifier(keyOf?: (request: TableRequest) => string): (request: TableRequest) => Identity {
  const known: (Known | undefined)[] = new Array(slots).fill(undefined)
  return request => {
    const slot = slotOf(request)
    const before = known[slot]
    const isKnown = before !== undefined && isSame(before.request, request) && sizeOf(request) === before.size
    if (isKnown && !keyOf) return before.identity
    const text = isKnown ? before.identity.text : requestText(request)
    if (keyOf) return { text, key: checkKey(keyOf(request)) }
    const { symbols, extra } = request
    // A copy, because the caller may write into its own.
    const copy = { ...request, symbols: [...symbols], ...(extra && { extra: { ...extra } }) }
    const identity = { text, key: keyOfText(text) }
    known[slot] = { identity, request: copy, size: sizeOf(request) }
    return identity
  }
}

/** Where to look for a request; any number will do for one that is none. */
function slotOf(request: TableRequest): number {
  const { symbols, startDate, endDate } = request ?? {}
  const first = symbols?.[0]
  let sum = symbols?.length ?? 0
  for (const text of [first, startDate, endDate]) {
    if (typeof text !== 'string') continue
    for (let i = Math.max(0, text.length - 8); i < text.length; i++) sum = Math.imul(sum, 31) + text.charCodeAt(i)
  }
  return sum & (slots - 1)
}

function sizeOf(request: TableRequest): number {
  let size = 0
  for (const name in request) if (request[name as keyof TableRequest] !== undefined) size++
  return size
}

function isSame(a: TableRequest, b: TableRequest): boolean {
  if (a.startDate !== b.startDate || a.endDate !== b.endDate || a.resolution !== b.resolution || a.dataSource !== b.dataSource) return false
  if (!Array.isArray(b.symbols) || a.symbols.length !== b.symbols.length) return false
  for (let i = 0; i < a.symbols.length; i++) if (a.symbols[i] !== b.symbols[i]) return false
  if (a.extra === undefined || b.extra === undefined) return a.extra === b.extra
  // In the same order, or else it is spelled again.
  const names = Object.keys(a.extra)
  const others = Object.keys(b.extra ?? {})
  return names.length === others.length && names.every((name, i) => name === others[i] && a.extra?.[name] === b.extra?.[name])
}

function extraText(extra: Readonly<Record<string, string>>): string {
  if (typeof extra !== 'object' || extra === null) throw failure('TIERED_REQUEST', ['extra', 'an object of strings', extra])
  const names = Object.keys(extra).sort(byCodePoint)
  if (names.length === 0) return ''
  return `"extra": {${names.map(name => `${text('extra', name)}: ${text(`extra.${name}`, extra[name])}`).join(', ')}}, `
}

function text(name: string, value: unknown): string {
  if (typeof value !== 'string') throw failure('TIERED_REQUEST', [name, 'a string', value])
  if (/^[ !#-[\]-~]*$/.test(value)) return `"${value}"`
  // Python also escapes whatever is not printable ASCII, as UTF-16 code units in lower case.
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Python's order of strings; the language's own compares UTF-16 units, which puts U+1F600 before U+FF21. */
function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return weight(x) - weight(y)
  }
  return a.length - b.length
}

const weight = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x10000 : unit - 0x2000)
