import { StudyError } from '../../core/src/errors.ts'

/** What answers the cases of one component: it converts JSON and calls the functions that the product itself uses on that path. */
export interface Component {
  /** The answer in the form of `expected`. What it throws fails the case. */
  answer(input: never): unknown
  /** Why a case concerns what is not built; it is then skipped. */
  skip?(input: never, expected: never): string | undefined
  /** Keys of `expected` that concern what is not built, and why. */
  readonly without?: Readonly<Record<string, string>>
  /** What `expected` means in our terms, for what a language without Python's types cannot tell apart. */
  expect?(expected: never, input: never): unknown
}
export type Components = Readonly<Record<string, Component>>

/** Lets a module say what its cases look like. */
export function component<I, E = unknown>(of: {
  readonly answer: (input: I) => unknown
  readonly skip?: (input: I, expected: E) => string | undefined
  readonly without?: Component['without']
  readonly expect?: (expected: E, input: I) => unknown
}): Component {
  return of as Component
}

/** `{ ok }`, or `{ error }` for a sentence of this library; any other error is a fault. */
export async function outcomeOfCall<T>(call: () => T | Promise<T>): Promise<{ readonly ok: T } | { readonly error: string }> {
  try {
    return { ok: await call() }
  } catch (error) {
    if (error instanceof StudyError) return { error: error.code }
    throw error
  }
}
