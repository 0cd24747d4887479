import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { alarmPage, type PageManager, type PageOptions } from 'nolater/page'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, onTestFinished } from 'vitest'
import { executablePath, missing, openBrowser } from '../../live/browser.ts'

export const isMissing = executablePath === undefined
if (isMissing) console.warn(missing)

/** What to add to the name of tests that are skipped: why. */
export const unlessMissing = isMissing ? ` (${missing})` : ''

/** Within a while, on a machine that others keep busy, too. */
export const soon = <T>(look: () => T | Promise<T>) => expect.poll(look, { timeout: 30_000 })

export const keysIn = (page: Page): Promise<string[]> => page.locator('tbody .key').allInnerTexts()

/** Listens at a port of this machine, until the test ends. */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

export const servePage = (manager: PageManager, options: PageOptions = {}): Promise<string> =>
  listen(createServer(alarmPage(manager, options)))

/** A browser for the tests of a block. What must never be seen fails the test: errors, refusals of the policy, requests to anywhere else. */
export function browserOfTests() {
  let started: Browser
  const faults: string[] = []
  beforeAll(async () => {
    started = await openBrowser()
  }, 300_000)
  afterAll(() => started?.close())
  afterEach(async () => {
    await Promise.all(started.contexts().map((context) => context.close()))
    expect(faults.splice(0)).toEqual([])
  })

  async function open(address: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await started.newPage(options)
    page.on('pageerror', (error) => faults.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text())
    })
    page.on('request', (request) => {
      if (!request.url().startsWith(new URL('/', address).href) && !request.url().startsWith('data:'))
        faults.push(request.url())
    })
    await page.goto(address)
    await page.locator('tbody tr, dl > div').first().waitFor()
    return page
  }
  return { faults, open, newPage: () => started.newPage() }
}
