import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import type { ListOptions } from 'nolater'
import { alarmPage, type PageManager, type PageOptions } from 'nolater/page'
import { type SqliteManager, sqliteManager } from 'nolater/sqlite'
import type { Locator, Page } from 'playwright-core'
import { asyncScheduler, NEVER, type SchedulerLike, throwError } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { newFile } from '../../sqlite/files.ts'
import { fillWithAlarms, held, markup } from './alarms-in-all-states.ts'
import { browserOfTests, isMissing, keysIn, listen, servePage, soon, unlessMissing } from './in-browser.ts'

const HOUR = 3_600_000
const token = 'a-token-of-twenty-four-x'
const ALL = 100_000
const pending = ALL - Object.values(held).reduce((sum, count) => sum + count, 0)

describe.skipIf(isMissing)(
  `the page in a browser, over a hundred thousand alarms${unlessMissing}`,
  { timeout: 120_000 },
  () => {
    const { faults, open, newPage } = browserOfTests()
    let manager: SqliteManager

    beforeAll(async () => {
      const file = newFile()
      await sqliteManager({ file }).close()
      fillWithAlarms(file, Date.now(), ALL)
      manager = sqliteManager({ file })
    }, 300_000)
    afterAll(() => manager?.close())

    const serve = (options: PageOptions = {}, of: PageManager = manager) => servePage(of, options)
    const rows = (page: Page): Locator => page.locator('tbody tr')
    const press = (page: Page, name: string): Promise<void> =>
      page
        .locator('main')
        .getByRole('button', { name: new RegExp(`^${name}\\b`) })
        .click()
    /** As a tab that is put behind another, or back. */
    const turn = (page: Page, to: 'visible' | 'hidden'): Promise<unknown> =>
      page.evaluate(`Object.defineProperty(document, 'visibilityState', { value: '${to}', configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))`)
    const focused = (page: Page): Promise<string> =>
      page.evaluate<string>('document.activeElement.textContent || document.activeElement.id')

    it('shows how many are in each state, the next hour, and what is due first', async () => {
      const page = await open(await serve())
      const counts = page.getByRole('navigation', { name: 'Alarms by state' })
      await soon(() => counts.getByRole('link').allInnerTexts()).toEqual(
        [
          '100,000 all',
          `${pending.toLocaleString('en-US')} pending`,
          '1,000 due',
          '100 delivering',
          '100 backing off',
          '1,000 failed',
        ].map((text) => expect.stringMatching(new RegExp(`^${text.replace(' ', '\\s+')}$`))),
      )
      expect(await page.title()).toBe('1,000 failed, 1,000 due: nolater')
      await soon(() => page.locator('figcaption').innerText()).toMatch(/^1\d,\d{3} due in the next hour, /)
      expect(await page.locator('figure rect').count()).toBe(60)
      const heights = await page.evaluate<number[]>(
        `[...document.querySelectorAll('figure rect')].map((bar) => Number(bar.getAttribute('height')))`,
      )
      expect(Math.max(...heights)).toBe(32)
      expect(heights.slice(0, 5)).toEqual(Array(5).fill(0)) // nothing is due in the first ten minutes, some of which have passed
      expect(await rows(page).count()).toBe(50)
      await soon(() => page.locator('#link').innerText()).toBe('live')
      expect(await page.locator('#facts').innerText()).toContain('Nothing delivers')
    })

    it('lists those in a state, page by page, and the way back is the browser’s', async () => {
      const page = await open(await serve())
      for (const [state, name, title] of [
        ['failed', 'failed', 'Alarms that have failed'],
        ['backing-off', 'backing off', 'Alarms that back off'],
        ['delivering', 'delivering', 'Alarms that are delivered now'],
      ]) {
        await page.getByRole('link', { name: new RegExp(`${name}$`) }).click()
        await soon(() => page.getByRole('heading', { level: 2 }).innerText()).toBe(title)
        await soon(() => page.locator(`tbody tr[data-state=${state}]`).count()).toBe(50)
        expect(await rows(page).count()).toBe(50)
        expect(await page.locator('#counts [aria-current=page]').innerText()).toContain(name)
        const due = await page.locator('tbody .of-time').allInnerTexts() // a lease ends later: what it is of was due before
        expect(due.filter((text) => text.endsWith(' ago'))).toHaveLength(state === 'backing-off' ? 0 : 50)
      }
      const first = await keysIn(page)
      await page.getByRole('link', { name: 'Next page' }).click()
      await soon(async () => (await keysIn(page))[0]).not.toBe(first[0])
      const second = await keysIn(page)
      expect(await focused(page)).toBe(second[0])
      const top = await page.evaluate<number>(
        `document.querySelector('#list-title').getBoundingClientRect().top`,
      )
      expect(top).toBeGreaterThanOrEqual(0)
      expect(second.filter((key) => first.includes(key))).toEqual([])
      expect(await page.locator('#end').innerText()).toBe('These are all.')
      await page.goBack()
      await soon(() => keysIn(page)).toEqual(first)
    })

    it('finds a key by its beginning', async () => {
      const page = await open(await serve())
      await page.getByRole('searchbox', { name: 'Key, or its beginning' }).fill('cart:00003')
      await press(page, 'Search')
      const found = Array.from({ length: 100 }, (_, i) => 300 + i).filter((i) => i % 3 === 0)
      await soon(() => keysIn(page)).toEqual(found.map((i) => `cart:0000${i}`))
      await page.getByRole('searchbox').fill('no such')
      await page.keyboard.press('Enter')
      await soon(() => page.locator('#end').innerText()).toBe('There are none.')
    })

    it('shows all that is known of an actor', async () => {
      const page = await open(await serve())
      await page.getByRole('searchbox').fill('cart:0000300')
      await page.keyboard.press('Enter')
      await page.getByRole('link', { name: 'cart:0000300', exact: true }).click()
      await soon(() => page.getByRole('heading', { level: 2 }).innerText()).toBe('cart:0000300')
      const text = await page.locator('article').innerText()
      for (const said of [
        /State\s+failed: given up, delivered no more/,
        /Fence\s+300/,
        /Failures\s+7/,
        /Failing since\s+1 h ago/,
      ]) {
        expect(text).toMatch(said)
      }
      expect(await page.locator('#actor-error').innerText()).toContain('Error: the <b>server</b> said 503')
      expect(await page.locator('#actor-error pre').innerText()).toContain('at pay (/srv/cart.ts:17:11)')
      await page.getByRole('link', { name: 'Back to the list' }).click()
      await soon(() => keysIn(page)).toEqual(['cart:0000300'])
      const delivering = await open(`${await serve()}#key=${encodeURIComponent('room:0010003')}`)
      await soon(() => delivering.locator('article').innerText()).toMatch(
        /Delivered by\s+holder, which does not report: dead, or of an older version/,
      )
      const none = await open(`${await serve()}#key=none`)
      await soon(() => none.locator('dl').innerText()).toBe('It has no alarm.')
    })

    it('changes nothing where that is not allowed, and has nothing to press for it', async () => {
      const page = await open(`${await serve()}#key=${encodeURIComponent('cart:0000600')}`)
      await soon(() => page.locator('article').innerText()).toContain('failed')
      expect(await page.getByRole('switch').count()).toBe(0)
      expect(await page.locator('article').getByRole('button').count()).toBe(0)
    })

    it('retries behind a switch that is off at first, and says what will be done before it is', async () => {
      const page = await open(`${await serve({ change: true })}#key=${encodeURIComponent('cart:0000600')}`)
      const actions = page.locator('#actor-actions')
      const toggle = page.getByRole('switch', { name: 'Allow changes' })
      expect([await toggle.isChecked(), await actions.getByRole('button').count()]).toEqual([false, 0])
      await toggle.check()
      await soon(() => actions.getByRole('button').allInnerTexts()).toEqual([
        'Retry',
        'Reschedule',
        'Discard',
        'Pause',
      ])
      await press(page, 'Retry')
      const dialog = page.getByRole('dialog')
      expect(await dialog.innerText()).toContain('Retry the alarm of cart:0000600?')
      expect(await dialog.innerText()).toContain('with all its retries')
      await page.keyboard.press('Enter') // Cancel has the focus
      await soon(() => dialog.isVisible()).toBe(false)
      expect((await manager.stats()).counts.failed).toBe(held.failed)
      await press(page, 'Retry')
      await page.evaluate(`history.pushState(null, '', '#')`)
      await page.goBack() // to what it is about: it is not of any other page
      await soon(() => dialog.isVisible()).toBe(false)
      await press(page, 'Retry')
      await dialog.getByRole('button', { name: 'Retry' }).click()
      await soon(() => page.locator('#said').innerText()).toBe('Retried the alarm of cart:0000600.')
      await soon(() => page.locator('article').innerText()).toContain('was due')
      expect(await actions.getByRole('button').allInnerTexts()).toEqual(['Pause'])
      await page.reload()
      await page.locator('dl > div').first().waitFor()
      expect(await toggle.isChecked()).toBe(false)
    })

    it('discards, reschedules and pauses, and says what that means', async () => {
      const address = await serve({ change: true })
      const page = await open(`${address}#key=${encodeURIComponent('cart:0000900')}`)
      await page.getByRole('switch').check()
      const dialog = page.getByRole('dialog')
      const confirm = async (name: string, says: RegExp): Promise<void> => {
        await page.locator('#actor-actions').getByRole('button', { name }).click()
        expect(await dialog.innerText()).toMatch(says)
        await dialog.getByRole('button', { name }).click()
        await soon(() => dialog.isVisible()).toBe(false)
      }
      await soon(() => page.locator('#link').innerText()).toBe('live')
      await turn(page, 'hidden') // what was changed is seen without the next look
      await confirm('Discard', /The store still holds it, and sets it again when the actor is opened/)
      await soon(() => page.locator('dl').innerText()).toBe('It has no alarm.')
      await page.goto(`${address}#key=${encodeURIComponent('cart:0001200')}`)
      await soon(() => page.getByRole('heading', { level: 2 }).innerText()).toBe('cart:0001200')
      await confirm('Pause', /Nothing of this is delivered until it is resumed/)
      await soon(() => page.locator('article').innerText()).toMatch(/Paused\s+the alarm of cart:0001200/)
      expect(await page.locator('#facts').innerText()).toContain('Paused: the alarm of cart:0001200')
      await confirm('Resume', /A pause that is wider goes on/)
      await soon(() => page.locator('article').innerText()).not.toMatch(/Paused\s/)
      await page.locator('#actor-actions').getByRole('button', { name: 'Reschedule' }).click()
      expect(await focused(page)).toBe('Cancel')
      await dialog.locator('input').fill('2100-01-31T12:00:00')
      expect(await dialog.locator('output').innerText()).toMatch(/^in \d{5} d$/) // a slip is seen
      await dialog.getByRole('button', { name: 'Reschedule' }).click()
      await soon(() => page.locator('#said').innerText()).toMatch(
        /^Rescheduled the alarm of cart:0001200 to 2100-01-3.*, in \d{5} d\.$/,
      )
      await soon(() => page.locator('article').innerText()).toMatch(/Rescheduled to\s.*2100-01-3/)
      expect(await page.locator('#actor-actions').getByRole('button').allInnerTexts()).toEqual([
        'Retry',
        'Reschedule',
        'Pause',
      ])
      await confirm('Retry', /It is delivered again at once/)
      await soon(() => page.locator('article').innerText()).toMatch(/State\s+was due/)
    })

    it('shows on an actor’s page which pauses it is in, and ends them there', async () => {
      await manager.pause({ prefix: 'cart:00021' })
      const page = await open(`${await serve({ change: true })}#key=${encodeURIComponent('cart:0002100')}`, {
        viewport: { width: 390, height: 740 },
      })
      await soon(() => page.locator('dl').innerText()).toMatch(
        /Paused\s+all alarms whose keys begin with "cart:00021"/,
      )
      const actions = page.locator('#actor-actions')
      expect(await actions.innerText()).toBe('To change it, allow changes at the top.')
      await page.getByRole('switch').check()
      await soon(() => actions.getByRole('button').allInnerTexts()).toEqual([
        'Retry',
        'Reschedule',
        'Discard',
        'Resume all alarms whose keys begin with "cart:00021"',
      ])
      await press(page, 'Resume')
      await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click()
      await soon(async () => (await manager.stats()).paused).toEqual([])
      await soon(() => page.locator('dl').innerText()).not.toContain('Paused')
    })

    it('puts the focus on no other button where one is gone', async () => {
      await manager.pause({ prefix: 'none:' })
      const page = await open(await serve({ change: true }))
      await page.getByRole('switch').check()
      const resume = page.locator('#facts').getByRole('button', { name: /^Resume/ })
      await resume.press('Enter')
      await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).press('Enter')
      await soon(() => resume.count()).toBe(0)
      await soon(() => page.evaluate('document.activeElement.id')).toBe('facts')
    })

    it('does not do what was shown of an alarm that has changed since', async () => {
      const page = await open(`${await serve({ change: true })}#key=${encodeURIComponent('cart:0001500')}`)
      await page.getByRole('switch').check()
      await press(page, 'Discard')
      await manager.write('cart:0001500', Date.now() + HOUR, {
        key: '',
        move: 'later',
        fence: 2e6,
        attempt: 1,
      })
      await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click()
      await soon(() => page.locator('#said').innerText()).toMatch(/^It has changed since it was shown/)
      expect(manager.get('cart:0001500')).not.toBeNull()
      faults.length = 0 // the browser reports the 409
    })

    it('takes a key for text, be it markup or a trick of directions', async () => {
      const tricky = 'evil\u202egnp.exe\u0000\u001b[2J'
      await manager.write(tricky, 5, { key: tricky, move: 'later', fence: 1, attempt: 1 })
      const page = await open(`${await serve({ change: true })}#state=failed&prefix=%3C`)
      await soon(() => keysIn(page)).toEqual([markup])
      await page.getByRole('link', { name: markup, exact: true }).click()
      await soon(() => page.getByRole('heading', { level: 2 }).innerText()).toBe(markup)
      await page.getByRole('switch').check()
      await press(page, 'Pause')
      expect(await page.getByRole('dialog').innerText()).toContain(markup)
      await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click()
      await soon(() => page.locator('#facts').innerText()).toContain(`Paused: the alarm of ${markup}`)
      expect(await page.locator('img').count()).toBe(0)
      expect(await page.evaluate('window.isHacked')).toBeUndefined()
      await manager.resume()
      const list = await open(await serve())
      expect((await keysIn(list))[0]).toBe('evil\\u202egnp.exe\\u0000\\u001b[2J')
      await list.locator('tbody .key').first().click()
      await soon(() => list.locator('article').innerText()).toMatch(/Fence\s+1\b/)
    })

    it('lets no text become markup, and runs nothing else', async () => {
      const page = await open(await serve())
      const tried = await page.evaluate<string[]>(`[
        () => { document.body.innerHTML = '<b>' },
        () => { document.body.insertAdjacentHTML('beforeend', '<b>') },
        () => { new DOMParser().parseFromString('<b>', 'text/html') },
        () => { document.createElement('script').text = 'window.isHacked = 2' },
      ].map((attempt) => { try { attempt(); return 'done' } catch (error) { return error.name } })`)
      expect(tried).toEqual(Array(4).fill('TypeError'))
      faults.length = 0 // the browser reports each
    })

    it('is live: what the manager does is seen without a reload, and the focus stays where it is', async () => {
      const file = newFile()
      const own = sqliteManager({ file })
      onTestFinished(() => own.close())
      const write = (key: string) =>
        own.write(key, Date.now() + HOUR, { key, move: 'later', fence: 1, attempt: 1 })
      await write('b')
      const page = await open(await serve({}, own))
      await page.keyboard.press('j')
      expect(await focused(page)).toBe('b')
      const colour = () =>
        page.evaluate<string>(
          `getComputedStyle(document.querySelector('#counts [data-state=failed] strong')).color`,
        )
      const plain = await colour()
      await write('a')
      await soon(() => keysIn(page)).toEqual(['b', 'a'])
      expect(await focused(page)).toBe('b')
      await own.write('c', Date.now(), { key: 'c', move: 'later', fence: 1, attempt: 1 })
      const delivering = own
        .deliveries(() => throwError(() => Object.assign(new Error('no'), { retry: false })))
        .subscribe()
      onTestFinished(() => delivering.unsubscribe())
      await soon(() => page.locator('#counts [data-state=failed]').innerText()).toMatch(/^1\s/)
      expect(await colour()).not.toBe(plain)
      expect(await page.locator('#facts').innerText()).toContain('1 delivers.')
      expect(await focused(page)).toBe('b')
    })

    it('does not count what is dead or hung among those that deliver', async () => {
      const seen = (ago: number) => ({
        holder: `h${ago}`,
        process: `host:${ago}`,
        since: 0,
        seen: Date.now() - ago,
      })
      const open1 = async (...agos: number[]) => {
        const stats = async () => ({ ...(await manager.stats()), deliverers: agos.map(seen) })
        const page = await open(await serve({}, { ...manager, stats } as never))
        await soon(() => page.locator('summary').count()).toBeGreaterThan(0)
        return page.locator('#facts summary').innerText()
      }
      expect(await open1(60_000)).toBe('Nothing delivers: what is due stays due. 1 dead or hung.')
      expect(await open1(0, 60_000, 70_000)).toBe('1 delivers. 2 dead or hung.')
    })

    it('ends the lease of a process that has died, and of no other', async () => {
      const file = newFile()
      const own = sqliteManager({ file })
      onTestFinished(() => own.close())
      await own.write('a', Date.now(), { key: 'a', move: 'later', fence: 1, attempt: 1 })
      const db = new DatabaseSync(file)
      onTestFinished(() => db.close())
      const until = Date.now() + HOUR
      const report = (ago: number) =>
        db
          .prepare("INSERT OR REPLACE INTO deliverer VALUES ('h', 'elsewhere:1', 0, ?, '{}')")
          .run(Date.now() - ago)
      db.exec(`UPDATE alarm SET holder = 'h', leased_until = ${until}, due = ${until}, begun = 1`)
      report(60_000)
      const page = await open(`${await serve({ change: true }, own)}#key=a`)
      await page.getByRole('switch').check()
      const end = async () => {
        await page.locator('#actor-actions').getByRole('button', { name: 'Retry' }).click()
        await page.getByRole('dialog').getByRole('button', { name: 'Retry' }).click()
      }
      await end()
      await soon(() => page.locator('#said').innerText()).toContain('silent for ten minutes')
      faults.length = 0 // the browser reports each refusal
      report(700_000)
      await end()
      await soon(() => page.locator('article').innerText()).toMatch(/State\s+was due/)
      expect(await page.locator('#actor-actions').getByRole('button').allInnerTexts()).toEqual(['Pause'])
    })

    it('says which alarms it shows, whatever they are called', async () => {
      const name = `a&amp;"><b onclick='x'>$&`
      const page = await open(await serve({ name }))
      expect(await page.locator('#name').innerText()).toBe(name)
      expect(await page.title()).toContain(`due: ${name}`)
      expect(await page.locator('header b').count()).toBe(0)
    })

    it('says when it is not, and goes on by itself', async () => {
      const server = createServer(alarmPage(manager))
      const address = await listen(server)
      const page = await open(address)
      await soon(() => page.locator('#link').innerText()).toBe('live')
      const ended = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await ended
      await soon(() => page.locator('#link').innerText()).toBe('The server does not answer. Trying again.')
      await new Promise<void>((resolve) => server.listen(Number(new URL(address).port), '127.0.0.1', resolve))
      await soon(() => page.locator('#link').innerText()).toBe('live')
      faults.length = 0 // the browser reports what it could not load
    })

    it('keeps no connection while it is not seen', async () => {
      const server = createServer(alarmPage(manager))
      const page = await open(await listen(server))
      let live = 0
      server.on('request', (request, response) => {
        if (request.url !== '/live') return
        live++
        response.on('close', () => live--)
      })
      await turn(page, 'visible')
      await soon(() => live).toBe(1)
      await turn(page, 'hidden')
      await soon(() => live).toBe(0)
      await turn(page, 'visible')
      await soon(() => live).toBe(1)
    })

    it('reads its times by the clock of the manager', async () => {
      const ahead = 3 * HOUR
      const scheduler: SchedulerLike = Object.assign(Object.create(asyncScheduler), {
        now: () => Date.now() + ahead,
      })
      const own = sqliteManager({ file: newFile(), scheduler })
      onTestFinished(() => own.close())
      await own.write('a', Date.now() + ahead + HOUR / 2, { key: 'a', move: 'later', fence: 1, attempt: 1 })
      const page = await open(await serve({}, own))
      await soon(() => page.locator('tbody .of-time').innerText()).toBe('in 30 min')
    })

    it('says that a search was cut', async () => {
      const { search: _, ...all } = manager
      const page = await open(
        await serve({}, {
          ...all,
          list: (asked: ListOptions = {}) => (asked.prefix === undefined ? all.list(asked) : NEVER),
        } as never),
      )
      await page.getByRole('searchbox').fill('cart')
      await page.keyboard.press('Enter')
      await soon(() => page.locator('#end').innerText()).toMatch(/^The search took too long and was ended/)
    })

    it('says what the server refuses', async () => {
      const address = await serve()
      const page = await open(address)
      await page.goto(`${address}#state=none`)
      await soon(() => page.locator('#said').innerText()).toMatch(/^state must be one of/)
      faults.length = 0 // the browser reports the 400
    })

    it('is worked by the keyboard alone', async () => {
      const page = await open(await serve({ change: true }))
      const key = (name: string): Promise<void> => page.keyboard.press(name)
      await key('/')
      expect(await focused(page)).toBe('key')
      await page.keyboard.type('jk/')
      expect(await page.getByRole('searchbox').inputValue()).toBe('jk/')
      await key('Escape')
      await key('/') // what was written is chosen, and written over
      await page.keyboard.type('cart:00004')
      await key('Enter')
      await soon(async () => (await keysIn(page))[0]).toBe('cart:0000402')
      await soon(() => focused(page)).toBe('cart:0000402')
      expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid')
      for (const [name, expected] of [
        ['j', 'cart:0000405'],
        ['ArrowDown', 'cart:0000408'],
        ['k', 'cart:0000405'],
        ['ArrowUp', 'cart:0000402'],
        ['k', 'cart:0000402'],
      ] as const) {
        await key(name)
        expect(await focused(page)).toBe(expected)
      }
      await key('j')
      await key('Enter')
      await soon(() => page.locator('article').isVisible()).toBe(true)
      expect(await page.evaluate('document.activeElement.id')).toBe('actor-key')
      await key('Escape')
      await soon(() => page.locator('article').isVisible()).toBe(false)
      expect(await focused(page)).toBe('cart:0000405')
      await key('Enter')
      await soon(() => page.locator('article').isVisible()).toBe(true)
      await key('/')
      await soon(() => focused(page)).toBe('key')
      // All that can be pressed is reached, in an order that is seen.
      await page.reload()
      await rows(page).first().waitFor()
      const reached: string[] = []
      for (let i = 0; i < 12; i++) {
        await key('Tab')
        reached.push(await focused(page))
      }
      expect(reached.join(' | ')).toMatch(
        /Skip to the alarms.*nolater.*all.*pending.*due.*delivering.*backing off.*failed/,
      )
    })

    it('names everything that can be pressed or filled', async () => {
      const page = await open(`${await serve({ change: true })}#key=${encodeURIComponent('cart:0001800')}`)
      await page.getByRole('switch').check()
      await press(page, 'Reschedule')
      const nameless = await page.evaluate<
        string[]
      >(`[...document.querySelectorAll('button, input, a, summary, nav, section, dialog')]
        .filter((each) => ![each.getAttribute('aria-label'), each.getAttribute('aria-labelledby'), each.textContent, ...[...(each.labels ?? [])].map((label) => label.textContent)].some((name) => name?.trim()))
        .map((each) => each.outerHTML)`)
      expect(nameless).toEqual([])
      expect(await page.getByRole('dialog', { name: 'Reschedule the alarm of cart:0001800?' }).count()).toBe(
        1,
      )
      expect(await page.evaluate('document.documentElement.lang')).toBe('en')
    })

    it('fits a phone of 360 px', async () => {
      const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }
      const long = `${'long'.repeat(250)}`
      await manager.write(long, 6, { key: long, move: 'later', fence: 1, attempt: 1 })
      const address = await serve({ change: true })
      const page = await open(address, phone)
      const width = (): Promise<number> => page.evaluate<number>('document.documentElement.scrollWidth')
      expect(await width()).toBe(360)
      const over = await page.evaluate<
        string[]
      >(`[...document.querySelectorAll('#counts strong, #counts a, th, .of-state, .of-time, figcaption, .ruler')]
        .filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.outerHTML)`)
      expect(over).toEqual([])
      expect(await page.locator('tbody tr').first().isVisible()).toBe(true)
      const small = (): Promise<string[]> =>
        page.evaluate<
          string[]
        >(`[...document.querySelectorAll('button, label.switch, #counts a, td a, #pager a, #back, summary, input')]
        .filter((each) => each.checkVisibility() && each.type !== 'checkbox')
        .filter((each) => each.getBoundingClientRect().height < 44 || (each.matches('input') && parseFloat(getComputedStyle(each).fontSize) < 16))
        .map((each) => each.outerHTML)`)
      expect(await small()).toEqual([])
      const reason = page.locator('[data-state=failed] .of-error').first()
      expect(await reason.innerText()).toBe('Error: the <b>server</b> said 503')
      expect((await reason.boundingBox())!.width).toBeGreaterThan(300)
      await page.locator('tbody .key', { hasText: 'longlong' }).first().click()
      await soon(() => page.getByRole('heading', { level: 2 }).innerText()).toBe(long)
      expect(await width()).toBe(360)
      await page.getByRole('switch').check()
      expect(await small()).toEqual([])
      await press(page, 'Pause')
      expect(await width()).toBe(360)
      expect(await small()).toEqual([])
      const box = (await page.getByRole('dialog').boundingBox())!
      expect(box.x).toBeGreaterThanOrEqual(0)
      expect(box.x + box.width).toBeLessThanOrEqual(360)
      await manager.write(long, null, { key: long, move: 'later', fence: 2, attempt: 1 })
    })

    it.each(['light', 'dark'] as const)('can be read in the %s theme', async (colorScheme) => {
      const address = await serve({ change: true })
      const faint = `(() => {
        const parts = (color) => color.match(/[\\d.]+/g).map(Number)
        const light = (color) => {
          const [r, g, b] = parts(color).slice(0, 3).map((part) => part / 255).map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
          return 0.2126 * r + 0.7152 * g + 0.0722 * b
        }
        const behind = (each) => {
          for (let at = each; at !== null; at = at.parentElement) {
            const color = getComputedStyle(at).backgroundColor
            if (parts(color)[3] === undefined || parts(color)[3] === 1) return color
          }
          return 'rgb(255, 255, 255)'
        }
        const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05)
        const shown = [...document.querySelectorAll('body *')].filter((each) => each.checkVisibility())
        const texts = shown.filter((each) => [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''))
        const edges = shown.filter((each) => each.matches('button, input'))
        return [
          texts.length,
          ...texts.filter((each) => ratio(getComputedStyle(each).color, behind(each)) < 4.5).map((each) => each.outerHTML),
          ...edges.filter((each) => ratio(getComputedStyle(each).borderTopColor, behind(each.parentElement)) < 3).map((each) => each.outerHTML),
        ]
      })()`
      const page = await open(`${address}#state=failed`, { colorScheme })
      const [listed, ...inList] = await page.evaluate<[number, ...string[]]>(faint)
      expect(listed).toBeGreaterThan(150)
      expect(inList).toEqual([])
      await page.goto(`${address}#key=${encodeURIComponent('cart:0001800')}`)
      await page.locator('#actor-error pre').waitFor()
      await page.getByRole('switch').check()
      await press(page, 'Discard')
      const [shown, ...inActor] = await page.evaluate<[number, ...string[]]>(faint)
      expect(shown).toBeGreaterThan(20)
      expect(inActor).toEqual([])
      const background = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
      expect(background).toBe(colorScheme === 'dark' ? 'rgb(13, 17, 23)' : 'rgb(255, 255, 255)')
    })

    it('moves nothing for those that want none of it', async () => {
      const page = await open(await serve({ change: true }), { reducedMotion: 'reduce' })
      const moving =
        await page.evaluate<number>(`[...document.querySelectorAll('*')].flatMap((each) => [getComputedStyle(each), getComputedStyle(each, '::before')])
        .filter(({ transitionDuration, animationName }) => transitionDuration !== '0s' || animationName !== 'none').length`)
      expect(moving).toBe(0)
    })

    it('asks for its token once, and keeps it out of the address', async () => {
      const address = await serve({ token })
      const page = await open(`${address}?token=${token}`)
      expect(page.url()).toBe(address)
      expect(await page.evaluate('document.cookie')).toBe('')
      await page.reload()
      await rows(page).first().waitFor()
      await soon(() => page.locator('#link').innerText()).toBe('live')
      // A link of another site.
      const elsewhere = (
        await listen(
          createServer((_, response) =>
            response.setHeader('content-type', 'text/html').end(`<a href="${address}">see</a>`),
          ),
        )
      ).replace('127.0.0.1', 'localhost')
      faults.length = 0
      await page.goto(elsewhere)
      await page.getByRole('link', { name: 'see' }).click()
      await rows(page).first().waitFor()
      expect(page.url()).toBe(address)
      faults.length = 0 // the other page, and the 401 that leads back
      const stranger = await newPage()
      await stranger.goto(address)
      expect(await stranger.locator('body').innerText()).toMatch(/^This page has a token/)
    })

    it('gives nothing to a page of another origin, and does nothing for it', async () => {
      const address = await serve({ change: true })
      const before = (await manager.stats()).counts.failed
      const body = JSON.stringify({ key: 'cart:0002100', fence: 2100 })
      const evil = await listen(
        createServer((asked, response) => {
          response.setHeader('content-type', 'text/html')
          response.end(`<!doctype html><title>evil</title>
            <iframe name="frame" src="${address}"></iframe>
            <form id="form" method="post" enctype="text/plain" target="frame" action="${address}retry"><input name='${body.slice(0, -1)},"x":"' value='"}'></form>
            <img src="${address}retry?key=cart:0002100&fence=2100">`)
          void asked
        }),
      )
      // Another port is of the same site, and another name of this machine of another site.
      for (const from of [evil, evil.replace('127.0.0.1', 'localhost')]) {
        const page = await newPage()
        await page.goto(from)
        const tried = await page.evaluate<string[]>(`Promise.all([
          fetch('${address}stats').then((response) => response.text()),
          fetch('${address}list', { credentials: 'include' }).then((response) => response.text()),
          fetch('${address}', { mode: 'no-cors' }).then((response) => response.text()).then((text) => text === '' ? Promise.reject(0) : text),
          fetch('${address}retry', { method: 'POST', headers: { 'content-type': 'application/json', 'x-nolater': 'x' }, body: '${body}' }).then(() => 'done'),
          fetch('${address}retry', { method: 'POST', mode: 'no-cors', body: '${body}' }).then(({ type }) => type === 'opaque' ? Promise.reject(0) : 'seen'),
          new Promise((resolve, reject) => {
            const source = new EventSource('${address}live')
            source.addEventListener('look', ({ data }) => resolve(data))
            source.onerror = () => { source.close(); reject(0) }
          }),
        ].map((attempt) => attempt.then(String, () => 'refused')))`)
        expect(tried).toEqual(Array(6).fill('refused'))
        await page.evaluate(`document.getElementById('form').submit()`)
        await soon(() => page.frames().length).toBe(2)
        await new Promise((resolve) => setTimeout(resolve, 300))
        expect(
          await page.evaluate(
            `(() => { try { return frames[0].document.body.innerText } catch { return 'refused' } })()`,
          ),
        ).toBe('refused')
      }
      expect((await manager.stats()).counts.failed).toBe(before)
    })
  },
)
