/** Pseudo-random numbers of one purpose. */
export interface RandomStream {
  /** Uniform in [0, 1), with 53 bits. */
  next(): number
  /** Standard normal. */
  normal(): number
  /** A whole number from `low` to `high`, both included; uniform up to a bias of (high − low) / 2^53. */
  int(low: number, high: number): number
}

/**
 * A stream that is a function of (seed, trial, attempt, purpose): nothing is held between trials, so a study that was resumed goes on
 * draw for draw. Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): the seed is the key; block, trial and
 * a 64-bit hash of attempt and purpose are the counter.
 */
export function randomStream(seed: number, trial: number, attempt: number, purpose: string): RandomStream {
  const word = attempt === 0 ? purpose : `${purpose}\u0000${attempt}`
  const [hashLow, hashHigh] = hash64(word)
  // As signed 32-bit numbers, which need no memory of their own; the bits are the same.
  return new PhiloxStream(seed | 0, Math.floor(seed / 2 ** 32) | 0, trial | 0, hashLow, hashHigh)
}

const words = new Uint32Array(4)

class PhiloxStream implements RandomStream {
  readonly #key0: number
  readonly #key1: number
  readonly #trial: number
  readonly #low: number
  readonly #high: number
  #block = 0
  // A block gives two numbers.
  #second = 0
  #hasSecond = false

  constructor(key0: number, key1: number, trial: number, low: number, high: number) {
    this.#key0 = key0
    this.#key1 = key1
    this.#trial = trial
    this.#low = low
    this.#high = high
  }

  next(): number {
    if (this.#hasSecond) {
      this.#hasSecond = false
      return this.#second
    }
    philox(words, this.#block++, this.#trial, this.#low, this.#high, this.#key0, this.#key1)
    this.#second = unit(words[2] as number, words[3] as number)
    this.#hasSecond = true
    return unit(words[0] as number, words[1] as number)
  }

  // Box and Muller's transform; the second number is not kept, so that every call takes two.
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()))
    return radius * Math.cos(2 * Math.PI * this.next())
  }

  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }
}

/** A number in [0, 1) from the upper bits of two words. */
function unit(high: number, low: number): number {
  return ((high >>> 5) * 67108864 + (low >>> 6)) / 9007199254740992
}

/** Ten rounds of Philox 4x32 over one counter; `out` holds the four words. */
export function philox(out: Uint32Array, c0: number, c1: number, c2: number, c3: number, k0: number, k1: number): void {
  let x0 = c0
  let x1 = c1
  let x2 = c2
  let x3 = c3
  let key0 = k0
  let key1 = k1
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, x0)
    const low0 = Math.imul(0xd2511f53, x0)
    const high1 = multiplyHigh(0xcd9e8d57, x2)
    const low1 = Math.imul(0xcd9e8d57, x2)
    x0 = high1 ^ x1 ^ key0
    x1 = low1
    x2 = high0 ^ x3 ^ key1
    x3 = low0
    key0 = (key0 + 0x9e3779b9) | 0
    key1 = (key1 + 0xbb67ae85) | 0
  }
  out[0] = x0
  out[1] = x1
  out[2] = x2
  out[3] = x3
}

/** The upper 32 bits of a product of two unsigned 32-bit numbers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const carry = aLow * bHigh + (middle & 0xffff)
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) | 0
}

/** Two 32-bit hashes of a text (FNV-1a from two starts, mixed at the end as MurmurHash3 does). */
function hash64(text: string): readonly [number, number] {
  let low = 0x811c9dc5
  let high = 0x9747b28c
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    low = Math.imul(low ^ unit, 0x01000193)
    high = Math.imul(high ^ unit, 0x5bd1e995)
    high ^= high >>> 15
  }
  return [mix(low), mix(high)]
}

function mix(value: number): number {
  let x = value
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return x ^ (x >>> 16)
}
