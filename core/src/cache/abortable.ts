/**
 * The promise, or a rejection with the signal's reason, whichever comes first. Without a signal: the promise itself.
 * Leaving does not stop the work behind the promise, and a later rejection of it is no unhandled one.
 */
export function abortable<V>(promise: Promise<V>, signal: AbortSignal | undefined): Promise<V> {
  if (!signal) return promise
  return new Promise<V>((resolve, reject) => {
    const leave = () => reject(signal.reason)
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
