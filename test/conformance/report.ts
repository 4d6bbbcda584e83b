import { difference } from './agreement.ts'
import { type Component, type Components, outcomeOfCall } from './component.ts'
import type { VectorCase, VectorFile } from './vectors.ts'

export interface Failure {
  readonly id: string
  readonly at: string
  readonly expected: unknown
  readonly got: unknown
}
/** How the cases of one component went. */
export interface ComponentReport {
  readonly component: string
  readonly covered: boolean
  readonly passed: number
  readonly failures: readonly Failure[]
  /** Counts by reason. */
  readonly skipped: ReadonlyMap<string, number>
  /** Parts of cases that were not compared: counts by `key: reason`. */
  readonly without: ReadonlyMap<string, number>
}

/** Asks each component for its answers. */
export async function reportOf({ component: name, cases, tolerance }: VectorFile, components: Components): Promise<ComponentReport> {
  const component = Object.hasOwn(components, name) ? components[name] : undefined
  const skipped = new Map<string, number>()
  const without = new Map<string, number>()
  const failures: Failure[] = []
  let passed = 0
  for (const vector of component ? cases : []) {
    const { skip, expect } = component as Component
    const reason = skip?.(vector.input as never, vector.expected as never)
    if (reason !== undefined) {
      skipped.set(reason, (skipped.get(reason) ?? 0) + 1)
      continue
    }
    const expected = compared(
      expect ? expect(vector.expected as never, vector.input as never) : vector.expected,
      component as Component,
      without
    )
    const got = compared(await answerOf(component as Component, vector), component as Component)
    const at = difference(expected, got, tolerance)
    if (at === undefined) passed++
    else failures.push({ id: vector.id, at, expected, got })
  }
  return { component: name, covered: component !== undefined, passed, failures, skipped, without }
}

async function answerOf({ answer }: Component, { input }: VectorCase): Promise<unknown> {
  try {
    const outcome = await outcomeOfCall(() => answer(input as never))
    return 'ok' in outcome ? outcome.ok : outcome
  } catch (error) {
    return `threw ${error instanceof Error ? error.stack : error}`
  }
}

/** An answer without the keys that are not compared. */
function compared(answer: unknown, { without = {} }: Component, counts?: Map<string, number>): unknown {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return answer
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(answer)) {
    const reason = Object.hasOwn(without, key) ? `${key}: ${without[key]}` : undefined
    if (reason === undefined) kept[key] = value
    else counts?.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  return kept
}
