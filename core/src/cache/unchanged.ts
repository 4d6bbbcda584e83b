/** Thrown by a load whose source was another one after it than before: what it gives may be either. */
export class Changed extends Error {}

const mostLoads = 3

/** What `load` resolves with, tried again while it throws `Changed`, three times in all; then rejects with `failure`. `again` is called before each repetition. */
export async function unchanged<T>(load: () => Promise<T>, failure: (loads: number) => Error, again: () => void = () => {}): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await load()
    } catch (error) {
      if (!(error instanceof Changed)) throw error
      if (attempt === mostLoads) throw failure(mostLoads)
      again()
    }
  }
}
