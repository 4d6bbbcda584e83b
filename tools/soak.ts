// Long-running tests, test/**/*.soak.ts, which the main run leaves out: npm run test:soak
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'

const files = globSync('test/**/*.soak.ts')
if (files.length === 0) console.log('There are no soak tests: no file matches test/**/*.soak.ts.')
else {
  // Without the configuration file, whose specs Mocha would add.
  const options = ['--no-config', '--node-option', 'conditions=@rxtuna/source', '--reporter', './tools/reporter.ts', '--timeout', '0']
  process.exit(spawnSync('mocha', [...options, ...process.argv.slice(2), ...files], { stdio: 'inherit' }).status ?? 1)
}
