import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pruners, samplers } from '@rxtuna/core'
import { expect } from 'chai'
import { root } from '../../tools/packages.ts'
import { needsOptuna, runPython } from './python.ts'

/** Prints what is public: of a module what it lists or defines, of a class what its instances have, of an enum its members. */
const list = `
import ast, importlib, json
modules = """study trial samplers samplers.nsgaii pruners storages storages.journal distributions artifacts exceptions importance
    integration logging search_space terminator visualization visualization.matplotlib cli""".split()
names = {"optuna." + name for name in modules}
for path in ["optuna"] + ["optuna." + name for name in modules]:
    module = importlib.import_module(path)
    defined = set(getattr(module, "__all__", []))
    for node in ast.parse(open(module.__file__).read()).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            defined.add(node.name)
        elif isinstance(node, ast.Assign):
            defined.update(target.id for target in node.targets if isinstance(target, ast.Name))
    defined.discard("__all__")
    names.update(path + "." + name for name in defined if name.startswith("__") or not name.startswith("_"))
study = optuna.create_study()
trial = study.ask()
study.tell(trial, 0)
summary = optuna.get_all_study_summaries(study._storage)[0]
d = optuna.distributions
for of in [study, trial, study.trials[0], summary, d.FloatDistribution(0, 1), d.IntDistribution(0, 1), d.CategoricalDistribution([0]),
           optuna.samplers.BaseSampler, optuna.pruners.BasePruner, optuna.storages.BaseStorage]:
    kind = of if isinstance(of, type) else type(of)
    names.update(kind.__name__ + "." + name for name in dir(of) if not name.startswith("_"))
for kind in [optuna.trial.TrialState, optuna.study.StudyDirection]:
    names.update(kind.__name__ + "." + member.name for member in kind)
print(json.dumps(sorted(names)))
`

/** The rows of the table: names of Optuna, and what is said about them. */
function rows(): readonly (readonly [names: readonly string[], text: string])[] {
  const [, table = ''] = readFileSync(join(root, 'docs/coming-from-optuna.md'), 'utf8').split('\n## Every public name\n')
  return [...table.matchAll(/^\| (`.*?) +\| (.+?) +\|$/gm)].map(([, names = '', text = '']) => [
    [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    text
  ])
}

const ours: Readonly<Record<string, object>> = { samplers, pruners }

describe('the table of "Coming from Optuna"', () => {
  it('names what is ours only where it is there, and gives a reason where nothing is', () => {
    for (const [names, text] of rows()) {
      expect(text, names.join()).to.match(/^Follows\.|^Not needed: .+\.$|`/)
      for (const [, group, name = ''] of text.matchAll(/`(samplers|pruners)\.(\w+)/g))
        expect(ours[group ?? ''], text).to.have.property(name)
    }
  })

  it('has no sampler or pruner of ours that it does not name', () => {
    const told = rows().map(([, text]) => text)
    for (const [group, members] of Object.entries(ours))
      for (const name of Object.keys(members)) expect(told.join('\n')).to.include(`\`${group}.${name}(`)
  })

  describe('and the installed Optuna', () => {
    before(needsOptuna)

    it('have the same public names, each once', async () => {
      const named = rows().flatMap(([names]) => names)
      const known = JSON.parse(await runPython(list)) as readonly string[]
      expect(known.length).to.be.greaterThan(300)
      expect(
        known.filter(name => !named.includes(name)),
        'missing in the table'
      ).to.deep.equal([])
      expect(
        named.filter((name, index) => !known.includes(name) || named.indexOf(name) !== index),
        'in the table, but not in Optuna, or twice'
      ).to.deep.equal([])
    }).timeout(60_000)
  })
})
