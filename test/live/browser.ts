import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const PLACES = [
  '/usr/bin/chromium-headless-shell', // without a window, it starts in half the time
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** A Chromium of this machine: the one that `CHROMIUM` names, or where systems put it; `undefined` where there is none. */
export const executablePath = process.env.CHROMIUM ?? PLACES.find((path) => existsSync(path))

/** Why the tests are skipped, where they are. */
export const missing =
  'no browser: install Chromium (apt-get install chromium-headless-shell), or let CHROMIUM name one, to run these tests'

export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: executablePath!,
    // One process for all pages: to start another takes half a second.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--process-per-site', '--renderer-process-limit=1'],
  })
}
