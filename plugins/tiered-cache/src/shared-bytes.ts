import { setImmediate } from 'node:timers/promises'

/** From this size on a file is read onto shared memory, and a table is encoded and decoded in threads: below, it takes less than the event loop notices. */
export const largeBytes: number = 2 * 1024 ** 2

// Copying this much takes about half a millisecond, and twice that where the system has yet to hand out the memory.
const sliceBytes = 1024 ** 2
const idleMs = 5_000

/** The bytes on shared memory: themselves where they lie there, otherwise a copy, made in turns, so that the event loop stays free. */
export async function toShared(bytes: Uint8Array): Promise<Uint8Array> {
  return bytes.buffer instanceof SharedArrayBuffer ? bytes : copyTo(new SharedArrayBuffer(bytes.length), [bytes])
}

/** Shared memory that is used again: getting and giving back tens of megabytes takes the system as long as filling them. */
export class SharedScratch implements Disposable {
  #kept: SharedArrayBuffer | undefined
  #idle: NodeJS.Timeout | undefined

  /** Runs `work` on the parts, one after the other, which are there until it has ended. */
  async use<T>(parts: readonly Uint8Array[], work: (bytes: Uint8Array) => Promise<T>): Promise<T> {
    const length = parts.reduce((sum, part) => sum + part.length, 0)
    const kept = this.#take()
    const buffer = kept && kept.byteLength >= length ? kept : new SharedArrayBuffer(length)
    try {
      return await work(await copyTo(buffer, parts))
    } finally {
      this.#keep(buffer)
    }
  }

  [Symbol.dispose](): void {
    this.#take()
  }

  #take(): SharedArrayBuffer | undefined {
    clearTimeout(this.#idle)
    const kept = this.#kept
    this.#kept = undefined
    return kept
  }

  #keep(buffer: SharedArrayBuffer): void {
    if (this.#kept && this.#kept.byteLength >= buffer.byteLength) return
    clearTimeout(this.#idle)
    this.#kept = buffer
    this.#idle = setTimeout(() => this.#take(), idleMs).unref()
  }
}

async function copyTo(buffer: SharedArrayBuffer, parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const bytes = new Uint8Array(buffer)
  return bytes.subarray(0, await inTurns(bytes, parts))
}

/** Copies the parts, one after the other, and lets the event loop go on in between. Returns how many bytes they are. */
export async function inTurns(target: Uint8Array, parts: readonly Uint8Array[]): Promise<number> {
  let at = 0
  let copied = 0
  for (const part of parts) {
    for (let from = 0; from < part.length; from += sliceBytes) {
      const slice = part.subarray(from, from + sliceBytes)
      target.set(slice, at)
      at += slice.length
      copied += slice.length
      if (copied < sliceBytes) continue
      copied = 0
      await setImmediate()
    }
  }
  return at
}
