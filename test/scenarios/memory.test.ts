import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'

const megabyte = 1e6
const run = promisify(execFile)

describe('a study of 100,000 trials of five parameters', function () {
  this.timeout(60_000)
  let weight: { readonly asked: number; readonly random: number; readonly tpe: number; readonly distributions: number }

  before('in a process of its own', async () => {
    const program = fileURLToPath(new URL('./memory-program.ts', import.meta.url))
    const { stdout } = await run(process.execPath, ['--expose-gc', '--conditions=@rxtuna/source', program])
    weight = JSON.parse(stdout)
    expect(weight.asked).to.equal(100_000)
    const [random, tpe] = [weight.random, weight.tpe].map(bytes => `${(bytes / megabyte).toFixed(1)} MB`)
    console.log(`      ${random} after random search, ${tpe} after an ask of TPE`)
  })

  it('takes less than 150 MB in memory, with what TPE keeps of it', () => {
    for (const bytes of [weight.random, weight.tpe]) expect(bytes / megabyte).to.be.within(10, 150)
  })

  it('holds each distribution once, and not once per trial', () => {
    expect(weight.distributions).to.equal(5)
  })
})
