import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { type Browser, chromium } from 'playwright-core'

const run = promisify(execFile)
const executablePath = '/usr/bin/chromium'
const flags = '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update'

/**
 * Debian's Chromium without a window, with a profile of its own, installed where it is missing; undefined when it cannot be had.
 * With `RXTUNA_REQUIRE_SERVICES=1` it rejects instead.
 */
export async function openChromium(): Promise<Browser | undefined> {
  try {
    if (!existsSync(executablePath)) await install()
    return await chromium.launch({ executablePath, headless: true, args: [...flags.split(' '), '--disable-sync'] })
  } catch (error) {
    if (process.env.RXTUNA_REQUIRE_SERVICES === '1') throw error
    const why = error instanceof Error ? error.message.split('\n', 1)[0] : error
    console.log(`      skipped, because Debian's package chromium could not be installed and started: ${why}`)
    return undefined
  }
}

async function install(): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await run('apt-get', ['update', '-qq'], { env })
  await run('apt-get', ['install', '-y', '-qq', 'chromium'], { env, maxBuffer: 1 << 26 })
}
