/** What verifying came to. */
export interface Verified {
  /** Files that were read. */
  readonly files: number
  readonly bytes: number
  /** Keys of the entries that were missing or changed; they are gone now. */
  readonly damaged: readonly string[]
}

/** Checks one entry after the other; `check` resolves with the size of its file, or undefined when it was damaged. Rejects with the signal's reason. */
export async function verifyAll(
  keys: readonly string[],
  check: (key: string) => Promise<number | undefined>,
  signal?: AbortSignal,
  onProgress?: (done: number, total: number) => void
): Promise<Verified> {
  const damaged: string[] = []
  let bytes = 0
  for (const [index, key] of keys.entries()) {
    signal?.throwIfAborted()
    const size = await check(key)
    if (size === undefined) damaged.push(key)
    else bytes += size
    onProgress?.(index + 1, keys.length)
  }
  return { files: keys.length, bytes, damaged }
}
