import type { AlarmManager } from 'nolater'
import type { PageManager } from 'nolater/page'
import { postgresManager, postgresStore } from 'nolater/postgres'
import { recordJournal, sqliteManager, sqliteStore } from 'nolater/sqlite'
import type { Page } from 'playwright-core'
import { lastValueFrom, takeWhile, throwError } from 'rxjs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { serverOfFile } from '../../postgres/server.ts'
import { newFile } from '../../sqlite/files.ts'
import { browserOfTests, isMissing, keysIn, servePage, soon, unlessMissing } from './in-browser.ts'

const HOUR = 3_600_000
const server = serverOfFile()
const token = 'a-token-of-twenty-four-x'

const openers = {
  sqliteManager: async () => {
    const manager = sqliteManager({ file: newFile() })
    return { manager, store: sqliteStore({ file: newFile(), key: 'cart:1', manager }) }
  },
  postgresManager: async () => {
    if (typeof server === 'string') throw new Error(server)
    const manager = postgresManager({
      connectionString: server.connectionString,
      schema: server.newSchema(),
    })
    return { manager, store: await postgresStore({ key: 'cart:1', manager }) }
  },
}

describe.skipIf(isMissing).each(['sqliteManager', 'postgresManager'] as const)(
  `the page in a browser, over %s${unlessMissing}`,
  { timeout: 120_000 },
  (kind) => {
    const { open, faults } = browserOfTests()
    const skipped = kind === 'postgresManager' && typeof server === 'string'

    /** A manager with alarms in several states, and a store whose actor has a journal. */
    async function rig() {
      const { manager, store } = await openers[kind]()
      const journal = newFile()
      const recording = recordJournal(store.alarm, { file: journal })
      onTestFinished(async () => {
        await store.close()
        await recording.close()
        await manager.close()
      })
      const write = (key: string, time: number, fence = 1) =>
        (manager as AlarmManager).write(key, time, { key, move: 'later', fence, attempt: 1 })
      await write('failed', Date.now() - 1_000, 7)
      const refused = Object.assign(new RangeError('no such customer'), { retry: false })
      const delivering = manager.deliveries(() => throwError(() => refused))
      await lastValueFrom(delivering.pipe(takeWhile(({ kind }) => kind !== 'given-up')), {
        defaultValue: null,
      })
      for (let i = 0; i < 60; i++) await write(`room:${100 + i}`, Date.now() + HOUR + i)
      await write('due', Date.now() - HOUR)
      store.alarm.set(Date.now() + 2 * HOUR)
      await store.alarm.drained()
      return { manager: manager as PageManager, write, store, journal }
    }

    const actor = (address: string, key: string): string => `${address}#key=${encodeURIComponent(key)}`
    const picture = (page: Page) => page.locator('#timeline img')

    it.skipIf(skipped)('shows what is held, lists it by state and page, and finds a key', async () => {
      const { manager } = await rig()
      const page = await open(await servePage(manager))
      const counts = page.getByRole('navigation', { name: 'Alarms by state' })
      await soon(async () => (await counts.innerText()).replaceAll(/\s+/g, ' ')).toBe(
        '63 all 61 pending 1 due 0 delivering 0 backing off 1 failed',
      )
      expect((await keysIn(page)).slice(0, 3)).toEqual(['due', 'failed', 'room:100'])
      await page.getByRole('link', { name: 'Next page' }).click()
      await soon(() => keysIn(page)).toEqual([
        ...Array.from({ length: 12 }, (_, i) => `room:${148 + i}`),
        'cart:1',
      ])
      await page.getByRole('link', { name: /failed$/ }).click()
      await soon(() => keysIn(page)).toEqual(['failed'])
      await page.getByRole('searchbox').fill('cart')
      await page.getByRole('link', { name: /all$/ }).click()
      await page.getByRole('searchbox').fill('cart')
      await page.keyboard.press('Enter')
      await soon(() => keysIn(page)).toEqual(['cart:1'])
    })

    it.skipIf(skipped)('draws what happened to an actor last, and goes on as it happens', async () => {
      const { manager, store, journal } = await rig()
      const page = await open(
        actor(await servePage(manager, { journal, token }).then((at) => `${at}?token=${token}`), 'cart:1'),
      )
      await soon(() => picture(page).getAttribute('alt')).toMatch(/^(\d+) of \1 events, the last at 2/)
      const [first] = /^\d+/.exec((await picture(page).getAttribute('alt'))!)!
      const text = page.locator('#timeline pre')
      expect(await text.isVisible()).toBe(false)
      await page.getByText('As text').click()
      expect(await text.innerText()).toMatch(/^commits .*\nwrites /m)
      store.alarm.set(Date.now() + 3 * HOUR)
      await soon(async () => Number.parseInt((await picture(page).getAttribute('alt'))!, 10)).toBeGreaterThan(
        Number(first),
      )
      expect(await text.isVisible()).toBe(true)
    })

    it.skipIf(skipped)('says that the journal has nothing of an actor, or cannot be read', async () => {
      const { manager, journal } = await rig()
      const page = await open(actor(await servePage(manager, { journal }), 'failed'))
      const said = page.locator('#timeline p')
      await soon(() => said.innerText()).toBe('The journal has nothing of this actor.')
      expect(await page.getByText('As text').isVisible()).toBe(false)
      const gone = await open(actor(await servePage(manager, { journal: newFile() }), 'cart:1'))
      await soon(() => gone.locator('#timeline p').innerText()).toMatch(/^There is no file/)
      expect(await gone.locator('dl').innerText()).toContain('pending')
      await gone.close()
      faults.length = 0 // the browser reports each 500
      const none = await open(actor(await servePage(manager), 'cart:1'))
      expect(await none.locator('#timeline').isVisible()).toBe(false)
    })

    it.skipIf(skipped)('changes what is delivered, behind its switch', async () => {
      const { manager } = await rig()
      const page = await open(actor(await servePage(manager, { change: true }), 'failed'))
      expect(await page.locator('#actor-error').innerText()).toContain('RangeError: no such customer')
      await page.getByRole('switch').check()
      for (const [name, said] of [
        ['Retry', 'Retried the alarm of failed.'],
        ['Pause', 'Paused the alarm of failed.'],
      ] as const) {
        await page.locator('#actor-actions').getByRole('button', { name }).click()
        await page.getByRole('dialog').getByRole('button', { name }).click()
        await soon(() => page.locator('#said').innerText()).toBe(said)
      }
      await soon(() => page.locator('dl').innerText()).toMatch(/was due .*, and is paused/)
      expect((await manager.stats()).paused).toEqual([{ key: 'failed' }])
    })

    it.skipIf(skipped)('is live', async () => {
      const { manager, write } = await rig()
      const page = await open(await servePage(manager))
      await soon(() => page.locator('#link').innerText()).toBe('live')
      await write('another', Date.now() - 2 * HOUR)
      await soon(async () => (await keysIn(page))[0]).toBe('another')
      await soon(() => page.locator('#counts [data-state=due]').innerText()).toMatch(/^2\s/)
    })
  },
)

describe.skipIf(isMissing)(`a picture of the page${unlessMissing}`, { timeout: 120_000 }, () => {
  const { open } = browserOfTests()

  it.each([
    ['light', [255, 255, 255]],
    ['dark', [13, 17, 23]],
  ] as const)('is drawn in the %s theme, as wide as a phone', async (colorScheme, expected) => {
    const { manager, store } = await openers.sqliteManager()
    const journal = newFile()
    const recording = recordJournal(store.alarm, { file: journal })
    for (const hours of [3, 2, 4]) store.alarm.set(Date.now() + hours * HOUR)
    await store.alarm.drained()
    await recording.close()
    onTestFinished(async () => {
      await store.close()
      await manager.close()
    })
    const viewport = { width: 360, height: 740 }
    const page = await open(`${await servePage(manager, { journal })}#key=cart:1`, { colorScheme, viewport })
    await page.locator('#timeline img').waitFor()
    await page.getByText('As text').click()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
    // Its own style is applied: without it all would be black.
    const corner = await page.evaluate(`(async () => {
      const image = document.querySelector('#timeline img')
      await image.decode()
      const context = new OffscreenCanvas(40, 40).getContext('2d')
      context.drawImage(image, 0, 0)
      return [...context.getImageData(20, 4, 1, 1).data].slice(0, 3)
    })()`)
    expect(corner).toEqual(expected)
  })
})
