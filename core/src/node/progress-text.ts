import { stripVTControlCharacters, styleText } from 'node:util'
import type { Tally } from './tally.ts'

/** What there is to show at one moment. */
export interface Snapshot {
  readonly label: string
  readonly total?: number
  readonly tally: Tally
  readonly elapsedMs: number
  readonly leftMs?: number
  readonly isOver: boolean
}
/** What may be used to show it. */
export interface Look {
  /** Columns that the line may take. */
  readonly columns: number
  readonly unicode: boolean
  readonly colours: boolean
}
type Style = 'bold' | 'dim' | 'red' | 'green'
interface Part {
  readonly text: string
  /** The part with the highest rank leaves first when the line is too long. */
  readonly rank: number
  readonly style?: Style
  /** What stands in its place before it leaves. */
  readonly shorter?: Part
}

/** One line for a terminal, never wider than `columns`: when it would be, parts leave, the least important first. */
export function barText(snapshot: Snapshot, { columns, unicode, colours }: Look): string {
  const { total, tally } = snapshot
  const label: Part = { text: cleanLabel(snapshot.label, Math.max(12, Math.floor(columns / 5)), unicode), rank: 3 }
  let parts = [...(label.text === '' ? [] : [label]), ...describe(snapshot)]
  const length = total === undefined ? 0 : barLength(columns)
  // Two blanks before each part; the bar takes the place between the two that follow the label.
  const room = (): number => columns - length - 1 - parts.reduce((sum, { text }) => sum + 2 + widthOf(text), 0)
  while (parts.length > 1 && room() < 0) parts = withoutLeast(parts)
  const paint = (text: string, style?: Style): string =>
    colours && style && text !== '' ? styleText(style, text, { validateStream: false }) : text
  const texts = parts.map(({ text, style }) => paint(text, style))
  // What does not fit beside a bar is the count; it has no colour, so it may be cut.
  if (room() < 0) return `  ${texts.join('  ')}`.slice(0, columns)
  if (total === undefined) return `  ${texts.join('  ')}`
  const { done, rest } = bar(tally.told / total, length, unicode)
  const head = parts[0] === label ? `${texts.shift()} ` : ''
  return `  ${head}${paint(done, 'green')}${paint(rest, 'dim')} ${texts.join('  ')}`
}

/** One line for a file or a pipe, in full. */
export function lineText(word: string, snapshot: Snapshot): string {
  const label = cleanLabel(snapshot.label, 60, true)
  const texts = describe(snapshot).map(({ text }) => text)
  return [...(label === '' ? [] : [label]), word.padEnd(7), ...texts].join('  ')
}

function describe({ total, tally, elapsedMs, leftMs, isOver }: Snapshot): Part[] {
  const { best, told } = tally
  const parts: Part[] = []
  if (total === undefined) parts.push({ text: told === 1 ? '1 trial' : `${told} trials`, rank: 0 })
  else {
    parts.push({ text: `${String(told).padStart(String(total).length)}/${total}`, rank: 0 })
    const percent = Math.min(100, Math.floor((100 * told) / total))
    parts.push({ text: `${percent} %`.padStart(isOver ? 0 : 4), rank: 5 })
  }
  if (best) {
    const values = best.values.map(number).join(', ')
    parts.push({ text: `${tally.hasFront ? 'front' : 'best'} ${values} (#${best.number})`, rank: 1, style: 'bold' })
  }
  if (tally.failed > 0) parts.push({ text: `${tally.failed} failed`, rank: 4, style: 'red' })
  if (tally.pruned > 0) parts.push({ text: `${tally.pruned} pruned`, rank: 6, style: 'dim' })
  if (tally.reused > 0) parts.push({ text: `${tally.reused} reused`, rank: 7, style: 'dim' })
  const gone = clock(Math.floor(elapsedMs / 1000))
  if (isOver) parts.push({ text: `in ${elapsedMs < 9950 ? `${(elapsedMs / 1000).toFixed(1)} s` : gone}`, rank: 2, style: 'dim' })
  else if (leftMs === undefined) parts.push({ text: gone, rank: 2, style: 'dim' })
  else {
    const left: Part = { text: `${clock(Math.ceil(leftMs / 1000))} left`, rank: 2, style: 'dim' }
    parts.push({ text: `${gone}, ${left.text}`, rank: 8, style: 'dim', shorter: left })
  }
  return parts
}

function withoutLeast(parts: readonly Part[]): Part[] {
  const least = parts.reduce((a, b) => (b.rank > a.rank ? b : a))
  return parts.flatMap(part => (part !== least ? [part] : part.shorter ? [part.shorter] : []))
}

/** Depends on the width alone, so that the bar keeps its place while the texts beside it change. */
function barLength(columns: number): number {
  return Math.min(30, Math.max(8, Math.floor(columns / 8), columns - 100))
}

function bar(share: number, length: number, unicode: boolean): { readonly done: string; readonly rest: string } {
  const halves = Math.min(2 * length, Math.floor(2 * length * share))
  const full = Math.floor(halves / 2)
  if (!unicode) return { done: '#'.repeat(full), rest: '-'.repeat(length - full) }
  const done = '━'.repeat(full) + (halves % 2 === 1 ? '╸' : '')
  return { done, rest: '─'.repeat(length - done.length) }
}

/** Without control characters, and cut to a width. */
function cleanLabel(label: string, most: number, unicode: boolean): string {
  const plain = stripVTControlCharacters(label)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
  const text = unicode ? plain : plain.replace(/[^ -~]/gu, '?')
  if (widthOf(text) <= most) return text
  const ellipsis = unicode ? '…' : '..'
  let cut = ''
  for (const character of text) {
    if (widthOf(cut + character) > most - ellipsis.length) break
    cut += character
  }
  return cut.trimEnd() + ellipsis
}

/** Columns of a text, rather too many than too few: every character that may be wide counts two. */
function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += isNarrow(character.codePointAt(0) as number) ? 1 : 2
  return width
}

const isNarrow = (code: number): boolean => code < 0x1100 || (code >= 0x2010 && code <= 0x2027) || (code >= 0x2500 && code < 0x25a0)

/** Four significant digits, in full where that is short. */
function number(value: number): string {
  const size = Math.abs(value)
  if (value === 0 || !Number.isFinite(value)) return String(value)
  if (size >= 1e7 || size < 1e-4) return value.toExponential(3)
  if (Number.isInteger(value)) return String(value)
  return value.toFixed(Math.max(0, 3 - Math.floor(Math.log10(size))))
}

/** 0:07, 12:34, 1:02:03. */
function clock(seconds: number): string {
  const two = (count: number): string => String(count % 60).padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes}:${two(seconds)}` : `${Math.floor(minutes / 60)}:${two(minutes)}:${two(seconds)}`
}
