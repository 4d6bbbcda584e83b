import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { runVectors } from './program.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** A component, and a mistake in a function that answers it: a file of core, the text that is right, the text that is wrong. */
const mistakes: readonly (readonly [component: string, file: string, right: string, wrong: string])[] = [
  ['tell', 'outcome.ts', 'values.length !== objectives', 'values.length > objectives'],
  ['distributions', 'distributions.ts', 'value > -1 &&', 'value >= -1 &&'],
  ['distribution_compat', 'distributions.ts', '(now.log ?? false) === (', '(now.log ?? false) !== ('],
  ['distribution_errors', 'space.ts', 'low + Math.floor((high - low) / step) * step', 'low + Math.ceil((high - low) / step) * step'],
  ['distribution_json_read', 'python/distribution-json.ts', 'wholeText(step ?? 1)', 'wholeText(step ?? 0)'],
  ['search_space', 'trial-log.ts', 'a < b ? -1 : 1', 'a < b ? 1 : -1'],
  ['search_space_transform', 'search-space-transform.ts', '[Math.log(low - half)', '[Math.log(low + half)'],
  ['enqueue_skip', 'enqueueing.ts', '<= 1e-5 *', '<= 1e-25 *'],
  ['constraints_merge', 'trial.ts', 'Math.max(constraints[name]', 'Math.min(constraints[name]'],
  ['dominates', 'dominance.ts', '(a[i] as number) > (b[i] as number)) return false', '(a[i] as number) >= (b[i] as number)) return false'],
  ['nondomination_rank', 'nondomination.ts', 'Math.max(most, rank), -1) + 1', 'Math.max(most, rank), -1) + 2'],
  ['pareto_front_trials', 'dominance.ts', '? -(values[i]', '? (values[i]'],
  ['pruners_simple', 'pruners/percentile.ts', 'maximize ? best < limit : best > limit', 'maximize ? best > limit : best < limit'],
  ['grid', 'samplers/grid.ts', 'axis[rest % axis.length]', 'axis[(rest + 1) % axis.length]'],
  ['truncnorm', 'samplers/tpe/normal.ts', '-0.5 * x * x - logSqrt2Pi', '-0.5 * x * x + logSqrt2Pi'],
  ['tpe_weights_gamma', 'samplers/tpe/weights.ts', 'Math.ceil(0.1 * n)', 'Math.floor(0.1 * n)'],
  ['tpe_acquisition', 'samplers/tpe/weights.ts', 'Math.ceil(0.1 * n)', 'Math.ceil(0.1 * n) + 1'],
  ['tpe_sample', 'samplers/tpe/dimension.ts', 'halfToEven((value - first) / step)', 'halfToEven((value + first) / step)'],
  ['tpe_parzen', 'samplers/tpe/dimension.ts', 'scale(last + step / 2)', 'scale(last - step / 2)'],
  ['tpe_split', 'samplers/tpe/split.ts', '-step - 1', 'step - 1']
]

describe('a mistake in the product', () => {
  let directory: string
  before(async () => {
    // Inside the repository, so that the copy finds its packages.
    await mkdir(join(root, '.cache'), { recursive: true })
    directory = await mkdtemp(join(root, '.cache', 'mutation-'))
    await cp(join(root, 'test/conformance'), join(directory, 'test/conformance'), {
      recursive: true,
      filter: path => !path.includes('/conformance/vectors/')
    })
  })
  after(() => rm(directory, { recursive: true, force: true }))

  for (const [component, file, right, wrong] of mistakes)
    it(`is seen in ${component}: "${wrong}" in ${file}`, async function () {
      this.timeout(30_000)
      await rm(join(directory, 'core'), { recursive: true, force: true })
      await cp(join(root, 'core/src'), join(directory, 'core/src'), { recursive: true })
      const path = join(directory, 'core/src', file)
      const text = await readFile(path, 'utf8')
      expect(text.split(right).length, `"${right}" in ${file}`).to.equal(2)
      await writeFile(path, text.replace(right, wrong))
      const vectors = join(directory, 'vectors', component)
      await mkdir(vectors, { recursive: true })
      await cp(join(root, 'test/conformance/vectors', `${component}.json`), join(vectors, `${component}.json`))
      const { code, summary } = await runVectors([vectors], pathToFileURL(`${directory}/`))
      expect(summary.failed).to.be.above(0)
      expect(code).to.equal(1)
    })
})
