// npm run figures:page: how long the page takes over 1,000,000 alarms in a file, and on PostgreSQL, in a real Chromium. The figures of docs/page.md.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { alarmPage, type PageManager } from 'nolater/page'
import { postgresManager } from 'nolater/postgres'
import { sqliteManager } from 'nolater/sqlite'
import { findBinaries } from '../../../examples/postgres-server/binaries.ts'
import { startPostgres } from '../../../examples/postgres-server/start.ts'
import { executablePath, missing, openBrowser } from '../../live/browser.ts'
import { fillTableWithAlarms, fillWithAlarms } from './alarms-in-all-states.ts'

const ALARMS = 1_000_000
const RUNS = 100
const LOADS = 10

const sorted = (times: readonly number[]): number[] => times.toSorted((a, b) => a - b)
const print = (what: string, times: readonly number[]): void => {
  const all = sorted(times)
  const at = (share: number): string =>
    all[Math.min(all.length - 1, Math.floor(all.length * share))]!.toFixed(1)
  console.log(
    `${what.padEnd(44)} best ${at(0).padStart(6)}, median ${at(0.5).padStart(6)}, worst ${at(1).padStart(6)} ms`,
  )
}

async function timesOf(runs: number, work: (run: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = []
  for (let run = 0; run < runs; run++) {
    const begun = performance.now()
    await work(run)
    times.push(performance.now() - begun)
  }
  return times
}

const lists: readonly (readonly [string, string])[] = [
  ['the list', 'list'],
  ...['pending', 'due', 'delivering', 'backing-off', 'failed'].map(
    (state) => [`the list, ${state}`, `list?state=${state}`] as const,
  ),
  ['a search by the beginning of a key', 'list?prefix=cart:00'],
  ['the same, pending', 'list?prefix=cart:00&state=pending'],
  ['the same, failed', 'list?prefix=cart:00&state=failed'],
  ['an actor', 'alarm?key=cart:0000300'],
  ['how it stands', 'stats'],
  ['the next hour', 'hour'],
]
async function measure(manager: PageManager): Promise<void> {
  const server = createServer(alarmPage(manager))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  for (const [what, path] of lists)
    print(what, await timesOf(RUNS, async () => (await fetch(address + path)).text()))

  // From page to page, as far as one would read.
  let after = ''
  print(
    'the next page of the list',
    await timesOf(RUNS, async () => {
      const { alarms } = (await (await fetch(`${address}list?${after}`)).json()) as {
        alarms: { key: string; due: number; time: number }[]
      }
      const last = alarms.at(-1)!
      after = new URLSearchParams({ after: last.key, at: `${last.due ?? last.time}` }).toString()
    }),
  )

  if (executablePath === undefined) console.log(missing)
  else {
    const browser = await openBrowser()
    const paints: number[] = []
    const drawn: number[] = []
    for (let load = 0; load < LOADS; load++) {
      const page = await browser.newPage()
      await page.goto(address, { waitUntil: 'commit' })
      await page.locator('tbody tr').first().waitFor()
      drawn.push(await page.evaluate<number>('performance.now()'))
      paints.push(
        await page.evaluate<number>(
          `new Promise((resolve) => new PerformanceObserver((list) => resolve(list.getEntriesByName('first-contentful-paint')[0].startTime)).observe({ type: 'paint', buffered: true }))`,
        ),
      )
      await page.close()
    }
    print('first contentful paint', paints)
    print('from the navigation to the rows of the list', drawn)
    await browser.close()
  }
  server.close()
  server.closeAllConnections()
}

console.log(`${ALARMS} alarms in a file`)
const folder = mkdtempSync(join(tmpdir(), 'nolater-page-'))
const file = join(folder, 'alarms.db')
await sqliteManager({ file }).close()
fillWithAlarms(file, Date.now(), ALARMS)
const inFile = sqliteManager({ file })
await measure(inFile)
await inFile.close()
rmSync(folder, { recursive: true, force: true })

if (findBinaries() === null) console.log('npm has no PostgreSQL for this platform')
else {
  console.log(`${ALARMS} alarms on PostgreSQL`)
  const { connectionString, stop } = await startPostgres()
  const manager = postgresManager({ connectionString })
  await manager.ready()
  await fillTableWithAlarms(connectionString, Date.now(), ALARMS)
  await measure(manager)
  await manager.close()
  await stop()
}
