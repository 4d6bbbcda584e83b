import { randomStream } from '../../core/src/random-stream.ts'

/** Gates that open one at a time, in an order that a seed decides, whenever nothing else is left to do. */
export function scrambled(seed: number): () => Promise<void> {
  const waiting: (() => void)[] = []
  const stream = randomStream(seed, 0, 0, 'gates')
  const openOne = (): void => {
    const [open] = waiting.splice(stream.int(0, waiting.length - 1), 1)
    open?.()
    if (waiting.length > 0) setImmediate(openOne)
  }
  return () =>
    new Promise(resolve => {
      waiting.push(resolve)
      if (waiting.length === 1) setImmediate(openOne)
    })
}
