import type { Sampler, StudyStorage } from 'rxtuna'

// Who has the time when several go on at once, first come first: work that has the thread before what only waits for it.
const names = ['backtest', 'bootstrap', 'sampler', 'storage', 'loading'] as const
/** What the example's time is spent on. */
export type Part = (typeof names)[number]

/** Where the time of a run goes. Lanes take turns on one thread; every moment counts for one part only, so that the parts never sum to more than the whole. */
export class Spending {
  readonly #ms: Record<Part, number> = { backtest: 0, bootstrap: 0, loading: 0, sampler: 0, storage: 0 }
  readonly #active: Record<Part, number> = { backtest: 0, bootstrap: 0, loading: 0, sampler: 0, storage: 0 }
  #since = performance.now()

  get parts(): readonly { readonly name: Part; readonly ms: number }[] {
    return (['backtest', 'bootstrap', 'loading', 'sampler', 'storage'] as const).map(name => ({ name, ms: this.#ms[name] }))
  }

  /** Forgets what was spent so far. */
  reset(): void {
    for (const name of names) this.#ms[name] = 0
    this.#since = performance.now()
  }

  /** Times work that has the thread. */
  run<T>(part: Part, work: () => T): T {
    this.#change(part, 1)
    try {
      return work()
    } finally {
      this.#change(part, -1)
    }
  }

  /** Times work that other lanes may go on beside. */
  async wait<T>(part: Part, work: () => Promise<T>): Promise<T> {
    this.#change(part, 1)
    try {
      return await work()
    } finally {
      this.#change(part, -1)
    }
  }

  #change(part: Part, by: 1 | -1): void {
    const now = performance.now()
    const owner = names.find(name => this.#active[name] > 0)
    if (owner) this.#ms[owner] += now - this.#since
    this.#since = now
    this.#active[part] += by
  }
}

/** The same storage, each call timed. */
export function timedStorage(storage: StudyStorage, spending: Spending): StudyStorage {
  return {
    open: (spec, ifExists) => spending.wait('storage', () => storage.open(spec, ifExists)),
    studies: () => spending.wait('storage', () => storage.studies()),
    remove: study => spending.wait('storage', () => storage.remove(study)),
    create: (study, trial, at) => spending.wait('storage', () => storage.create(study, trial, at)),
    take: study => spending.wait('storage', () => storage.take(study)),
    waiting: study => spending.wait('storage', () => storage.waiting(study)),
    update: (study, trial, change) => spending.wait('storage', () => storage.update(study, trial, change)),
    finish: (study, trial, end) => spending.wait('storage', () => storage.finish(study, trial, end)),
    read: (study, since, limit) => spending.wait('storage', () => storage.read(study, since, limit)),
    setAttributes: (study, attributes, options) => spending.wait('storage', () => storage.setAttributes(study, attributes, options)),
    [Symbol.asyncDispose]: () => storage[Symbol.asyncDispose]()
  }
}

/** The same sampler, each draw timed. */
export function timedSampler(sampler: Sampler, spending: Spending): Sampler {
  const { sampleJoint, beforeFinish } = sampler
  return {
    ...sampler,
    sample: (...of) => spending.run('sampler', () => sampler.sample(...of)),
    ...(sampleJoint ? { sampleJoint: (...of) => spending.run('sampler', () => sampleJoint.apply(sampler, of)) } : {}),
    ...(beforeFinish ? { beforeFinish: (...of) => spending.run('sampler', () => beforeFinish.apply(sampler, of)) } : {})
  }
}
