import type { ObservedCache } from './cache.ts'
import { type Centre, compose, type Owned } from './compose.ts'
import { problem } from './errors.ts'
import type { EventBus } from './event-bus.ts'
import type { Direction } from './objective.ts'
import type { Interceptor, Phase, Plugin, PluginContext } from './plugin.ts'
import type { TrialRecord, TrialState } from './trial.ts'

/** What the host needs of its study. */
export interface HostedStudy {
  readonly name: string
  readonly directions: readonly Direction[]
  readonly bus: EventBus
  readonly signal: AbortSignal
  trial(number: number): Promise<TrialRecord | undefined>
  trials(state?: TrialState): AsyncIterable<TrialRecord>
}

/** Installs plugins in order, keeps their interceptors and caches, and disposes of them in reverse. */
export class PluginHost {
  readonly #study: HostedStudy
  readonly #interceptors: { readonly [K in Phase]: Owned<K>[] } = { ask: [], evaluate: [], tell: [] }
  readonly #caches: ObservedCache[] = []
  readonly #scopes = new AsyncDisposableStack()
  #installing = ''

  constructor(study: HostedStudy) {
    this.#study = study
  }

  /** Installs all, or rejects after what was installed has been disposed of. */
  async install(plugins: readonly Plugin[]): Promise<void> {
    const names = new Set<string>()
    for (const plugin of plugins) {
      if (typeof plugin?.install !== 'function' || typeof plugin.name !== 'string') throw problem('PLUGIN_SHAPE', plugin)
      if (names.has(plugin.name)) throw problem('PLUGIN_NAME_TAKEN', plugin.name)
      names.add(plugin.name)
    }
    for (const plugin of plugins) {
      // Each plugin's scope is its own, so that one that throws while it is disposed of does not keep the others.
      const scope = this.#scopes.use(new AsyncDisposableStack())
      this.#installing = plugin.name
      await plugin.install(this.#context(plugin.name, scope))
    }
    this.#installing = ''
  }

  /** A phase with its interceptors around it; the centre itself where there are none. */
  phase<K extends Phase>(phase: K, centre: Centre<K>): Centre<K> {
    return compose(phase, this.#interceptors[phase], centre)
  }

  intercepts(phase: Phase): boolean {
    return this.#interceptors[phase].length > 0
  }

  dispose(): Promise<void> {
    return this.#scopes.disposeAsync()
  }

  #context(plugin: string, scope: AsyncDisposableStack): PluginContext {
    const { name, directions, bus, signal } = this.#study
    return {
      name,
      directions,
      signal,
      scope,
      events$: bus.guarded(error => bus.emit('plugin.failed', { plugin, error })),
      caches: {
        add: cache => {
          if (this.#caches.some(other => other.name === cache.name)) throw problem('CACHE_NAME_TAKEN', cache.name)
          this.#caches.push(cache)
        },
        all: () => this.#caches
      },
      trial: number => this.#study.trial(number),
      trials: state => this.#study.trials(state),
      emit: (type, payload) => bus.emit(type, payload),
      intercept: <K extends Phase>(phase: K, interceptor: Interceptor<K>): void => {
        if (this.#installing !== plugin) throw problem('INTERCEPT_LATE', plugin)
        this.#interceptors[phase].push({ plugin, interceptor })
      }
    }
  }
}
