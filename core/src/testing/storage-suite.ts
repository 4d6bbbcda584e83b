import type { StudyStorage } from '../storages/storage.ts'
import { creating } from './checks-creating.ts'
import { finishing } from './checks-finishing.ts'
import { reading } from './checks-reading.ts'
import { sharing } from './checks-sharing.ts'
import { studies } from './checks-studies.ts'
import { taking } from './checks-taking.ts'
import type { StorageCheck } from './storage-check.ts'

type Describe = (title: string, body: () => void) => void
type It = (title: string, body: () => Promise<void>) => void

export interface StorageSuiteOptions {
  /** Opens another handle on what the given storage stores. Default: the storage is not shared, and those checks are left out. */
  readonly second?: (storage: StudyStorage) => Promise<StudyStorage>
  /** Default: the globals of mocha and of runners like it. */
  readonly describe?: Describe
  readonly it?: It
}

/**
 * Checks every sentence of the contract of `StudyStorage`, for an implementation of your own too. `open` gives an empty storage, and is
 * called for each check; the suite disposes of it.
 */
export function storageSuite(name: string, open: () => StudyStorage | Promise<StudyStorage>, options: StorageSuiteOptions = {}): void {
  const { second } = options
  const describe = options.describe ?? runnersOwn<Describe>('describe')
  const it = options.it ?? runnersOwn<It>('it')
  const group = (title: string, checks: readonly StorageCheck[]) =>
    describe(title, () => {
      for (const { title, check } of checks)
        it(title, async () => {
          await using handles = new AsyncDisposableStack()
          const storage = handles.use(await open())
          await check(storage, async () => {
            if (!second) throw new Error('Expected the option `second` for a shared storage, got none.')
            return handles.use(await second(storage))
          })
        })
    })
  describe(name, () => {
    group('studies', studies)
    group('creating', creating)
    group('taking', taking)
    group('finishing', finishing)
    group('reading', reading)
    if (second) group('two handles on one storage', sharing)
  })
}

function runnersOwn<T>(name: string): T {
  const found: unknown = Reflect.get(globalThis, name)
  if (typeof found !== 'function') throw new TypeError(`Expected a test runner with a global "${name}", got none. Give it as an option.`)
  // Every runner that has these globals takes a title and a body.
  return found as T
}
