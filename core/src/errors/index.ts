// For packages that throw such errors and need nothing else of this one.
/** An error of this library: a stable `code`, and a sentence that says what was expected, what came, and what to do. */
export class StudyError extends Error {
  override readonly name = 'StudyError'
  readonly code: string
  /** The plugin whose code threw, for `PLUGIN_THREW`. */
  // Declared only, so that an error without one does not show it.
  declare readonly plugin?: string
  constructor(code: string, message: string, options?: ErrorOptions & { readonly plugin?: string }) {
    super(message, options)
    this.code = code
    if (options?.plugin !== undefined) this.plugin = options.plugin
  }
}

/** Thrown by `trial.prune()`, or by an objective itself, to end its trial as pruned. */
export class TrialPruned extends Error {
  override readonly name = 'TrialPruned'
}
