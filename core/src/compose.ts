import { problem, StudyError, sentence } from './errors.ts'
import type { Interceptor, Phase, PhaseMap } from './plugin.ts'

/** An interceptor and whose it is. */
export interface Owned<K extends Phase> {
  readonly plugin: string
  readonly interceptor: Interceptor<K>
}
/** The library's own step of a phase, which may be done at once. */
export type Centre<K extends Phase> = (call: PhaseMap[K]['call']) => PhaseMap[K]['result'] | Promise<PhaseMap[K]['result']>
type Next<K extends Phase> = (call: PhaseMap[K]['call']) => Promise<PhaseMap[K]['result']>

/** What a centre rejected with, which is nobody's fault, and what has been blamed already, however many interceptors it passes. */
const passing = new WeakSet<object>()

/** Interceptors around a centre, the first outermost. Without interceptors it is the centre itself. */
export function compose<K extends Phase>(phase: K, interceptors: readonly Owned<K>[], centre: Centre<K>): Centre<K> {
  if (interceptors.length === 0) return centre
  let next: Next<K> = async call => {
    try {
      return await centre(call)
    } catch (error) {
      throw marked(error)
    }
  }
  for (let i = interceptors.length - 1; i >= 0; i--) {
    const { plugin, interceptor } = interceptors[i] as Owned<K>
    const inner = next
    next = async call => {
      try {
        const result = await interceptor(call, inner)
        if (result === undefined) throw problem('PLUGIN_RESULT', plugin, phase)
        return result
      } catch (error) {
        // An ask rejects with what was thrown, so that a redraw can say that nothing is left.
        if (phase === 'ask' || (typeof error === 'object' && error !== null && passing.has(error))) throw error
        const message = error instanceof Error ? error.message : String(error)
        throw marked(new StudyError('PLUGIN_THREW', sentence('PLUGIN_THREW', plugin, phase, message), { cause: error, plugin }))
      }
    }
  }
  return next
}

function marked(error: unknown): unknown {
  if (typeof error === 'object' && error !== null) passing.add(error)
  return error
}
