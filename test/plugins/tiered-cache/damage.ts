import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync
} from 'node:fs'
import { join } from 'node:path'
import type { RandomStream } from '../../../core/src/random-stream.ts'

/** One file of a cache, and what was done to it. */
export interface Damage {
  readonly file: string
  readonly how: string
}

/** The parts of a metadata database whose damage a check of its pages does not see. */
const names = [
  'cache_entries',
  'parquet_path',
  'checksum',
  'request',
  'row_count',
  'size_bytes',
  'load_ms',
  'datasets',
  'leases',
  'PRIMARY KEY'
]
const versionAt = 60
const applicationAt = 68

/** Damages one to three files of a cache's directory. `keys` are those of its entries; a `mapped` file is one that a process has in its memory. */
export function damage(directory: string, random: RandomStream, keys: readonly string[], mapped: boolean): readonly Damage[] {
  const done: Damage[] = []
  for (let left = random.int(1, 3); left > 0; left--) {
    const file = anyFile(directory, random)
    if (file !== undefined) done.push({ file, how: damageFile(join(directory, file), random, keys, mapped) })
  }
  return done
}

function anyFile(directory: string, random: RandomStream): string | undefined {
  const files = readdirSync(directory).sort()
  const draw = random.next()
  const ending = draw < 0.4 ? '.parquet' : draw < 0.8 ? 'metadata.db' : draw < 0.95 ? '-wal' : '-shm'
  const fitting = files.filter(name => name.endsWith(ending) && statSync(join(directory, name)).isFile())
  return fitting[random.int(0, fitting.length - 1)]
}

function damageFile(path: string, random: RandomStream, keys: readonly string[], mapped: boolean): string {
  const draw = random.next()
  if (draw < 0.1) {
    rmSync(path)
    return 'deleted'
  }
  if (draw < 0.15 && path.endsWith('.parquet')) {
    rmSync(path)
    mkdirSync(path)
    return 'a directory in its place'
  }
  const { atime, mtime } = statSync(path)
  const file = openSync(path, 'r+')
  try {
    const { size } = fstatSync(file)
    if (size === 0) return 'nothing, it is empty'
    // The kernel kills a process that reads behind the end of a file in its memory.
    if (draw < 0.3 && !(mapped && path.endsWith('-shm'))) {
      const length = random.next() < 0.3 ? 0 : random.int(0, size - 1)
      ftruncateSync(file, length)
      return `cut at ${length} of ${size}`
    }
    const isDatabase = path.endsWith('metadata.db')
    return isDatabase && random.next() < 0.5 ? aimed(file, size, random, keys) : spoilt(file, size, random, isDatabase)
  } finally {
    closeSync(file)
    // Rot in place changes neither size nor time.
    if (random.next() < 0.5 && existsSync(path)) utimesSync(path, atime, mtime)
  }
}

/** Bits in the text of a cell or of the schema, in a row number of an index, or in a number of the header. */
function aimed(file: number, size: number, random: RandomStream, keys: readonly string[]): string {
  const draw = random.next()
  if (draw < 0.1) return flipBit(file, versionAt + 3, random, 'of the version')
  if (draw < 0.15) return flipBit(file, applicationAt + random.int(0, 3), random, 'of the application')
  if (draw < 0.25) return flipBit(file, random.int(16, 99), random, 'of the header')
  if (draw < 0.35) return misdirected(file, size, random, keys)
  const key = keys[random.int(0, keys.length - 1)] as string
  const text = draw < 0.5 ? (names[random.int(0, names.length - 1)] as string) : draw < 0.75 ? key : '{"data_source": '
  const places = placesOf(contentOf(file, size), text)
  const place = places[random.int(0, places.length - 1)]
  if (place === undefined) return spoilt(file, size, random, true)
  // Before a key are the lengths of its row's columns, and behind it is the next of them.
  return flipBit(file, Math.min(size - 1, place + random.int(text === key ? -12 : 0, text.length)), random, `of ${text}`)
}

/** Another small number behind a key: in an index that of another row, in a row that of another dataset. */
function misdirected(file: number, size: number, random: RandomStream, keys: readonly string[]): string {
  const content = contentOf(file, size)
  const ends = keys.flatMap(key => placesOf(content, key).map(place => place + key.length))
  const small = ends.filter(end => (content[end] ?? 0) > 0 && (content[end] ?? 0) <= keys.length)
  const end = small[random.int(0, small.length - 1)]
  if (end === undefined) return spoilt(file, size, random, true)
  const number = 1 + ((content[end] as number) % keys.length)
  writeSync(file, Uint8Array.of(number), 0, 1, end)
  return `${number} for ${content[end]} at ${end}, behind a key`
}

function contentOf(file: number, size: number): Buffer {
  const content = Buffer.alloc(size)
  readSync(file, content, 0, size, 0)
  return content
}

function placesOf(content: Buffer, text: string): readonly number[] {
  const places: number[] = []
  for (let at = content.indexOf(text); at >= 0; at = content.indexOf(text, at + 1)) places.push(at)
  return places
}

/** A bit, a run of zeros, or random bytes; in a database most often in one of the first pages. */
function spoilt(file: number, size: number, random: RandomStream, early: boolean): string {
  const at = random.int(0, (early && random.next() < 0.7 ? Math.min(size, 12_288) : size) - 1)
  const draw = random.next()
  if (draw < 0.5) return flipBit(file, at, random, '')
  const length = Math.min(size - at, random.int(1, draw < 0.8 ? 64 : 4096))
  const bytes = new Uint8Array(length)
  readSync(file, bytes, 0, length, at)
  if (draw < 0.7 && bytes.every(byte => byte === 0)) return 'nothing, zeros are there already'
  bytes.fill(0)
  if (draw >= 0.7) for (let i = 0; i < length; i++) bytes[i] = random.int(0, 255)
  writeSync(file, bytes, 0, length, at)
  return `${length} ${draw >= 0.7 ? 'random bytes' : 'zeros'} at ${at}`
}

function flipBit(file: number, at: number, random: RandomStream, what: string): string {
  const bytes = new Uint8Array(1)
  readSync(file, bytes, 0, 1, at)
  const bit = random.int(0, 7)
  bytes[0] = (bytes[0] as number) ^ (1 << bit)
  writeSync(file, bytes, 0, 1, at)
  return `bit ${bit} at ${at} ${what}`
}
