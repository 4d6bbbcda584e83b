import {
  containsInternal,
  equalDistributions,
  isCompatible,
  isSingle,
  singleValue,
  toExternal,
  toInternal
} from '../../../core/src/distributions.ts'
import { distributionFromJson, distributionToJson } from '../../../core/src/python/distribution-json.ts'
import { fromPythonJson, pythonFloat, pythonNumber } from '../../../core/src/python/json.ts'
import type { Distribution, ParamValue } from '../../../core/src/space.ts'
import { type Components, component, outcomeOfCall } from '../component.ts'
import { type DistributionJson, distributionOf } from '../json.ts'

interface Questions {
  readonly distribution: DistributionJson
  readonly internals: readonly number[]
  readonly externals: readonly ParamValue[]
}
interface Answers {
  readonly json: string
  readonly [name: string]: unknown
}

export const distributions: Components = {
  distributions: component<Questions, Answers>({
    answer({ distribution: json, internals, externals }) {
      const distribution = distributionOf(json)
      const text = distributionToJson(distribution)
      if (!equalDistributions(distribution, distributionFromJson(text))) throw new Error(`Expected ${text} to be read back as it was.`)
      const single = isSingle(distribution)
      return {
        json: spelling(text),
        single,
        single_value: single ? singleValue(distribution) : null,
        contains: internals.map(value => containsInternal(distribution, value)),
        to_internal: externals.map(value => internalOf(distribution, value)),
        to_external: internals.map(value => externalOf(distribution, value))
      }
    },
    expect: answers => ({ ...answers, json: spelling(answers.json) })
  }),

  distribution_errors: component<{ readonly kind: string; readonly args: DistributionJson['attributes'] }>({
    answer: ({ kind, args }) =>
      outcomeOfCall(() => fromPythonJson(distributionToJson(distributionOf({ name: kind, attributes: args })), { tokens: 'number' })),
    skip: ({ args }) =>
      Array.isArray(args.choices) && args.choices.some(choice => typeof choice === 'object' && choice !== null)
        ? 'choices that are lists or objects, of which Optuna only warns, are no values of a parameter here'
        : undefined
  }),

  // Optuna keeps the class of older versions; here it is read as the one of today, so its text is made from that.
  distribution_json_read: component<string, { readonly ok: string } | { readonly error: string }>({
    answer: text =>
      outcomeOfCall(() => {
        const distribution = distributionFromJson(text)
        const { name } = fromPythonJson(text) as { readonly name?: string }
        return spelling(olderText(name, distribution) ?? distributionToJson(distribution))
      }),
    expect: answer => ('ok' in answer ? { ok: spelling(answer.ok) } : answer)
  }),

  distribution_compat: component<{ readonly old: DistributionJson; readonly new: DistributionJson }>({
    answer(pair) {
      const [before, now] = [distributionOf(pair.old), distributionOf(pair.new)]
      return { compatible: isCompatible(before, now), equal: equalDistributions(before, now) }
    }
  })
}

function internalOf(distribution: Distribution, value: ParamValue): unknown {
  const internal = toInternal(distribution, value)
  return Number.isNaN(internal) ? { error: 'PARAM_VALUE' } : { ok: internal }
}

/** The vectors have no answer for an index without a choice. */
function externalOf(distribution: Distribution, value: number): unknown {
  if (distribution.kind === 'categorical' && !containsInternal(distribution, value)) return null
  return { ok: toExternal(distribution, value) }
}

/** A text, or what it says where it has a choice such as 1.0, which is 1 in JavaScript. */
function spelling(text: string): unknown {
  return text.includes('CategoricalDistribution') ? fromPythonJson(text, { tokens: 'number' }) : text
}

function olderText(name: string | undefined, distribution: Distribution): string | undefined {
  if (distribution.kind === 'categorical') return undefined
  const { low, high, step } = distribution
  const [bottom, top] = [pythonFloat(low), pythonFloat(high)]
  const whole = `"step": ${pythonNumber(step ?? 1)}, "low": ${pythonNumber(low)}, "high": ${pythonNumber(high)}`
  const attributes: Readonly<Record<string, string>> = {
    UniformDistribution: `"low": ${bottom}, "high": ${top}`,
    LogUniformDistribution: `"low": ${bottom}, "high": ${top}`,
    DiscreteUniformDistribution: `"low": ${bottom}, "high": ${top}, "q": ${pythonFloat(step ?? 0)}`,
    IntUniformDistribution: whole,
    IntLogUniformDistribution: whole
  }
  return name !== undefined && Object.hasOwn(attributes, name) ? `{"name": "${name}", "attributes": {${attributes[name]}}}` : undefined
}
