const formats = [0, 1, 2, 3].map(
  digits => new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: 'negative' })
)

/** A number with so many decimals (0 to 3) and commas between thousands; never `-0.00`. */
export function decimal(value: number, digits: 0 | 1 | 2 | 3): string {
  return (formats[digits] as Intl.NumberFormat).format(value)
}

/** A fraction as percent, like `17.7 %`. */
export function percent(fraction: number, digits: 0 | 1 | 2): string {
  return `${decimal(fraction * 100, digits)} %`
}

/** A count and its noun, like `1 trial` or `1,200 trials`. */
export function plural(count: number, noun: string): string {
  return `${decimal(count, 0)} ${noun}${count === 1 ? '' : 's'}`
}

/** Milliseconds as a person reads them: `23 ms`, or from a second on `5.80 s`. */
export function duration(ms: number): string {
  return ms < 999.5 ? `${decimal(ms, 0)} ms` : `${decimal(ms / 1000, 2)} s`
}

/** A size in powers of a thousand: `84 kB`, `1.2 MB`. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  return bytes < 999_500 ? `${decimal(bytes / 1000, 0)} kB` : `${decimal(bytes / 1_000_000, 1)} MB`
}

/** Whole numbers that sum to the rounded sum of `values`: each is rounded up or down, those with the largest remainders up. */
export function roundTogether(values: readonly number[]): readonly number[] {
  const rounded = values.map(Math.floor)
  const remainders = values.map((value, i) => ({ i, remainder: value - (rounded[i] as number) }))
  const sum = values.reduce((total, value) => total + value, 0)
  const missing = Math.round(sum) - rounded.reduce((total, value) => total + value, 0)
  const largest = remainders.sort((a, b) => b.remainder - a.remainder || a.i - b.i).slice(0, missing)
  for (const { i } of largest) rounded[i] = (rounded[i] as number) + 1
  return rounded
}

/** Joins pieces by spaces into lines under `width` columns; lines after the first begin with `indent` spaces. */
export function wrap(pieces: readonly string[], width: number, indent: number): readonly string[] {
  const lines: string[] = []
  for (const piece of pieces) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + piece.length < width) lines[lines.length - 1] = `${last} ${piece}`
    else lines.push(last === undefined ? piece : ' '.repeat(indent) + piece.trimStart())
  }
  return lines
}
