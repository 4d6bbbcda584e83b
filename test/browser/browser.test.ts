import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { build } from 'esbuild'
import type { Browser, Page } from 'playwright-core'
import { root } from '../../tools/packages.ts'
import { openChromium } from './chromium.ts'
import { run } from './studies.ts'

interface Told {
  readonly number: number
  readonly params: Readonly<Record<string, string | number>>
  readonly value: number
}

describe('in a browser, core', function () {
  this.timeout(600_000)
  let browser: Browser | undefined
  let server: Server | undefined
  let page: Page

  before(async function () {
    browser = await openChromium()
    if (!browser) return this.skip()
    const script = await bundled()
    server = createServer((request, response) => {
      const isScript = request.url === '/studies.js'
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
      response.end(isScript ? script : '<!doctype html><title>studies</title>')
    })
    const { port } = await new Promise<AddressInfo>(done => server?.listen(0, '127.0.0.1', () => done(server?.address() as AddressInfo)))
    page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${port}/`)
  })
  after(async () => {
    await browser?.close()
    server?.close()
  })

  const inBrowser = (name: string): Promise<string> =>
    page.evaluate(`import('/studies.js').then(({ run }) => run(${JSON.stringify(name)}))`) as Promise<string>

  for (const name of ['random', 'grid'])
    it(`runs what Node runs: thirty trials of ${name} on linear parameters are equal`, async () => {
      const [here, there] = [await run(name), await inBrowser(name)]
      expect(JSON.parse(there)).to.have.length(30)
      expect(there).to.equal(here)
    })

  // The engines' `exp` and `log` differ in the last bit.
  for (const name of ['logarithmic', 'tpe'])
    it(`runs what Node runs within 1e-12: thirty trials of ${name === 'tpe' ? 'TPE' : 'random on logarithmic scales'}`, async () => {
      const [here = [], there = []] = [await run(name), await inBrowser(name)].map(text => JSON.parse(text) as readonly Told[])
      expect(there).to.have.length(30)
      for (const [index, { params }] of here.entries()) {
        const found = there[index]?.params ?? {}
        expect(Object.keys(found)).to.deep.equal(Object.keys(params))
        for (const [param, value] of Object.entries(params)) {
          const title = `${param} of trial ${index}`
          if (typeof value === 'string') expect(found[param], title).to.equal(value)
          else expect(Math.abs(Number(found[param]) - value), title).to.be.at.most(1e-12 * Math.abs(value))
        }
      }
    })
})

/** The studies and all that they import, as a browser loads them. */
async function bundled(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'test/browser/studies.ts')],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    conditions: ['@rxtuna/source'],
    write: false
  })
  return outputFiles[0]?.contents ?? new Uint8Array()
}
