import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { buildPage } from '../../examples/live/build-page.ts'
import { servePage } from '../../examples/live/server.ts'
import { executablePath, missing, openBrowser } from './browser.ts'

const FIRST = 'seed=1259&t=0&actor=cart&do=300.storm'
const QUIET = 'seed=1&t=0&actor=cart&do='
const RIVALS = ['switch-map', 'parked-chain']

const isMissing = executablePath === undefined
if (isMissing) console.warn(missing)

describe.skipIf(isMissing)(
  `the page in a browser${isMissing ? ` (${missing})` : ''}`,
  { timeout: 60_000 },
  () => {
    let browser: Browser
    let server: Server
    let folder: string | undefined
    let address: string
    let file: string
    /** what must never be seen: errors, refusals of the policy, requests to anywhere */
    const faults: string[] = []

    beforeAll(async () => {
      const built = await buildPage()
      folder = mkdtempSync(join(tmpdir(), 'live-page-'))
      writeFileSync(join(folder, 'page.html'), built.html)
      file = pathToFileURL(join(folder, 'page.html')).href
      server = await servePage(built, 0)
      address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
      browser = await openBrowser()
    }, 60_000)
    afterAll(async () => {
      await browser?.close()
      server?.close()
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
    })
    afterEach(async () => {
      await Promise.all(browser.contexts().map((context) => context.close()))
      expect(faults.splice(0)).toEqual([])
    })

    async function open(
      link: string,
      options: Parameters<Browser['newPage']>[0] = {},
      from = address,
    ): Promise<Page> {
      const page = await browser.newPage(options)
      page.on('pageerror', (error) => faults.push(String(error)))
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text())
      })
      page.on('request', (request) => {
        if (!/^(blob|data):/.test(request.url()) && request.url().split('#')[0] !== from)
          faults.push(request.url())
      })
      await page.goto(link === '' ? from : `${from}#${link}`)
      await page.waitForSelector('html[data-ready]')
      return page
    }

    const press = (page: Page, name: string): Promise<void> =>
      page.getByRole('button', { name, exact: true }).click()
    const contender = (page: Page, id: string): Locator => page.locator(`[data-contender=${id}]`)
    const verdict = (page: Page, id: string): Promise<string> =>
      contender(page, id).locator('.verdict').innerText()
    const counts = (page: Page, id: string): Promise<string[]> =>
      contender(page, id).locator('dd').allInnerTexts()
    const marbles = (page: Page): Promise<string[]> =>
      page.evaluate<string[]>(
        `[...document.querySelectorAll('.marble')].map((marble) => marble.getAttribute('aria-label'))`,
      )
    const clock = async (page: Page): Promise<number> =>
      Number.parseFloat(await page.locator('#clock').innerText())
    const all = async (page: Page) => ({
      clock: await clock(page),
      marbles: (await marbles(page)).toSorted(),
      counts: await Promise.all([...RIVALS, 'nolater'].map((id) => counts(page, id))),
      verdicts: await Promise.all([...RIVALS, 'nolater'].map((id) => verdict(page, id))),
      link: new URL(page.url()).hash,
    })

    /** Steps ahead until a marble is seen: in the page's own time, so that a slow machine changes nothing. */
    async function stepUntil(page: Page, wanted: RegExp): Promise<string> {
      await press(page, 'Step forward')
      const found = await page.evaluate<string | null>(`(async () => {
      const clock = document.getElementById('clock')
      for (let step = 0; step < 60; step++) {
        const labels = [...document.querySelectorAll('.marble')].map((marble) => marble.getAttribute('aria-label'))
        const found = labels.find((label) => ${wanted}.test(label))
        if (found !== undefined) return found
        const before = clock.textContent
        document.getElementById('ahead').click()
        while (clock.textContent === before) await new Promise((resolve) => setTimeout(resolve, 2))
      }
      return null
    })()`)
      if (found === null)
        throw new Error(
          `after 60 steps there is no marble like ${wanted}:\n${(await marbles(page)).join('\n')}`,
        )
      return found
    }

    it('shows what a set and a delete lead to, marble by marble', async () => {
      const page = await open(QUIET)
      expect(await page.locator('#play').innerText()).toBe('Play')
      await press(page, 'in 3 s')
      expect(await marbles(page)).toContain('set 3s at 0')
      await stepUntil(page, /^write 3s, earlier, fence \d+: issued at .*, acknowledged at /)
      await stepUntil(page, /^commit 3s: issued at .*, durable at /)
      await stepUntil(page, /^from .* on the store durably holds 3s$/)
      await press(page, 'Delete')
      await stepUntil(page, /^delete at /)
      await stepUntil(page, /^commit none: .*, durable at /)
      await stepUntil(page, /^drained at .*the store and the manager agree on none$/)
      expect(page.url()).toMatch(/do=0\.set\.cart\.3000_\d+\.delete\.cart$/)
    })

    it('shows an alarm delivered at its time, and at the actor that was chosen', async () => {
      const page = await open(QUIET)
      await page.getByRole('radio', { name: 'room' }).check({ force: true })
      await press(page, 'Set in 1 s')
      const delivery = await stepUntil(
        page,
        /^woken for 1s: arrived at 1s, the handler starts at 1s.*, done at /,
      )
      expect(delivery).toContain('its success deletes the alarm')
      expect(page.url()).toContain('actor=room&do=0.set.room.1000')
    })

    it('lets the manager be slowed', async () => {
      const page = await open(QUIET)
      const latency = page.getByRole('slider', { name: 'Latency' })
      await latency.focus()
      await page.keyboard.press('End')
      await expect.poll(() => page.url()).toContain('do=0.latency.1500')
      expect(await latency.getAttribute('aria-valuetext')).toBe('1500 ms')
      await press(page, 'in 8 s')
      const write = await stepUntil(page, /^write 8s, .*acknowledged at /)
      const [, took, unit] = /after ([\d.]+)(m?s)$/.exec(write)!
      expect(Number(took) * (unit === 's' ? 1000 : 1)).toBeGreaterThan(640) // the most at 400 ms; 1.01 s with this seed
    })

    it('crashes a process: what was sent lands, and what was not durable is asked again', async () => {
      const page = await open(QUIET)
      await press(page, 'in 3 s')
      await press(page, "Crash the actor's process")
      expect(await marbles(page)).toContain('broken at 0: the process crashed')
      await stepUntil(page, /^write 3s, earlier, fence 8388610: .*, acknowledged at /) // of the second epoch
      await stepUntil(page, /^from .* on the store durably holds 3s$/)
      expect(page.url()).toContain('_0.crash.cart')
      expect(await verdict(page, 'nolater')).toBe('never later')
    })

    it('plays, pauses, and sees the rivals part from their stores, and us not', async () => {
      const page = await open(FIRST)
      await page.getByLabel('Speed').selectOption('4')
      await press(page, 'Play')
      for (const id of RIVALS) {
        await contender(page, id).locator('[data-diverged]').waitFor({ timeout: 40_000 })
        expect(await verdict(page, id)).toMatch(/^diverged at [\d.]+ s: \w+$/)
      }
      await press(page, 'Pause')
      const paused = await clock(page)
      expect(paused).toBeGreaterThan(1)
      expect(await page.locator('#announcer').textContent()).toMatch(
        / diverged at .*: the manager of \w+ is later than its store\.$/,
      )
      expect(await verdict(page, 'nolater')).toBe('never later')
      expect(await clock(page)).toBe(paused)
    })

    it('stops when the storm is over, says what it came to, and goes on with what is asked then', async () => {
      const page = await open(FIRST.replace('t=0', 't=14000'))
      const ending = page.getByRole('status').filter({ hasText: 'Over' })
      const button = page.locator('#play')
      expect(await ending.count()).toBe(0)
      await page.getByLabel('Speed').selectOption('4')
      await press(page, 'Play')
      await ending.waitFor()
      expect(await ending.innerText()).toMatch(/^Over: nothing is left to happen\. nolater 0 late, 0 lost; /)
      expect(await button.innerText()).toBe('Replay')
      const over = await clock(page)
      expect(over).toBeLessThan(25)

      await press(page, 'in 3 s')
      await expect.poll(() => button.innerText()).toBe('Pause')
      expect(await ending.count()).toBe(0)
      await ending.waitFor()
      expect(await clock(page)).toBeGreaterThan(over + 2)

      await press(page, 'Replay')
      await expect.poll(() => clock(page)).toBeLessThan(14)
      expect(await ending.count()).toBe(0)
    })

    it('counts late and lost alarms of the rivals, and leads to the moment at which it went wrong', async () => {
      const page = await open(FIRST.replace('t=0', 't=15000'))
      const sum = async (id: string) =>
        (await counts(page, id)).slice(0, 2).reduce((all, one) => all + Number(one), 0)
      for (const id of RIVALS) expect([id, await sum(id)]).not.toEqual([id, 0])
      expect((await counts(page, 'nolater')).slice(0, 2)).toEqual(['0', '0'])

      for (const id of RIVALS) {
        const [, at, actor] = /^diverged at ([\d.]+) s: (\w+)$/.exec(await verdict(page, id))!
        await page.getByRole('radio', { name: 'room' }).check({ force: true })
        await contender(page, id).locator('.verdict').click()
        const flag = contender(page, id).locator('.marble[aria-label^="the first divergence"]')
        await flag.waitFor()
        expect(await flag.getAttribute('aria-label')).toMatch(`at ${at}s the store holds `)
        expect(await page.getByRole('radio', { name: actor! }).isChecked()).toBe(true)
      }
      expect(await page.locator('[data-contender=nolater] .marble[aria-label*="divergence"]').count()).toBe(0)
    })

    it('shows the same run after a reload, and to whoever gets the link', async () => {
      const page = await open(FIRST.replace('t=0', 't=4000'))
      await press(page, "Crash the actor's process")
      await press(page, 'in 8 s')
      await stepUntil(page, /^write 12s/)
      const seen = await all(page)
      expect(seen.marbles.length).toBeGreaterThan(100)
      await page.reload()
      await page.waitForSelector('html[data-ready]')
      expect(await all(page)).toEqual(seen)
      const other = await open(seen.link.slice(1), {}, file)
      expect(await all(other)).toEqual(seen)
    })

    it('steps back to exactly what was seen before, and starts again', async () => {
      const page = await open(FIRST.replace('t=0', 't=3000'))
      await press(page, 'Step forward')
      await expect.poll(() => clock(page)).toBeGreaterThan(3)
      const seen = await all(page)
      await press(page, 'Step forward')
      await expect.poll(() => clock(page)).toBeGreaterThan(seen.clock)
      await press(page, 'Step back')
      await expect.poll(() => clock(page)).toBe(seen.clock)
      expect(await all(page)).toEqual(seen)
      await press(page, 'Restart')
      await expect.poll(() => clock(page)).toBe(0)
      expect((await all(page)).link).toBe(`#${FIRST}`)
    })

    it('explains a marble under the pointer and to the keyboard, and keeps it there', async () => {
      const page = await open(FIRST.replace('t=0', 't=3000'))
      const bubble = page.getByRole('tooltip')
      expect(await bubble.isVisible()).toBe(false)
      const write = contender(page, 'nolater').locator('.marble[aria-label^="write"]').first()
      await write.hover()
      expect(await bubble.innerText()).toBe(await write.getAttribute('aria-label'))
      await page.mouse.move(2, 2)
      expect(await bubble.isVisible()).toBe(false)

      await contender(page, 'nolater').locator('.panel').focus()
      const focused = (): Promise<string> =>
        page.evaluate<string>('document.activeElement.getAttribute("aria-label")')
      const walked: string[] = []
      for (const key of ['ArrowLeft', 'Home', 'ArrowRight', 'ArrowUp', 'End']) {
        await page.keyboard.press(key)
        walked.push(await focused())
        expect(await bubble.innerText()).toBe(walked.at(-1))
      }
      expect(new Set(walked).size).toBeGreaterThan(3)
      await page.keyboard.press('Escape')
      expect(await bubble.isVisible()).toBe(false)

      // A marble that goes on keeps the focus.
      await contender(page, 'nolater').locator('.marble[aria-label$=": issued at 2.97s"]').focus()
      const issued = await focused()
      await page.evaluate(`(async () => {
        const { activeElement } = document
        while (activeElement.isConnected) {
          document.getElementById('ahead').click()
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      })()`)
      expect(await focused()).toMatch(`${issued}, acknowledged at 3.2s`)
    })

    it("has nolater's own panel, a rival, and what can be done to them in the first screen of a small laptop", async () => {
      for (const time of [6_000, 30_000]) {
        const page = await open(FIRST.replace('t=0', `t=${time}`), { viewport: { width: 1366, height: 660 } })
        for (const shown of ['[data-contender=nolater]', '[data-contender=switch-map]', '#crash']) {
          const { y, height } = (await page.locator(shown).boundingBox())!
          expect([time, shown, y + height]).toEqual([
            time,
            shown,
            expect.toSatisfy((bottom) => bottom <= 660),
          ])
        }
      }
    })

    it('fits a phone and its fingers', async () => {
      const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
      const page = await open(FIRST.replace('t=0', 't=6000'), phone)
      const boxOf = async (locator: Locator) => (await locator.boundingBox())!
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
      expect((await boxOf(page.locator('.bar'))).height).toBeLessThan(68) // half of what its words took
      const own = await boxOf(contender(page, 'nolater'))
      expect(own.y + own.height).toBeLessThan(844)

      const low = await page.evaluate<
        string[]
      >(`[...document.querySelectorAll('button:not(.verdict), select, summary, .choice, input[type=range]')]
        .filter((each) => each.getBoundingClientRect().height < 44 || each.getBoundingClientRect().width < 44)
        .map((each) => each.outerHTML)`)
      expect(low).toEqual([])

      const slider = page.getByRole('slider', { name: 'Lost answers' })
      await slider.scrollIntoViewIfNeeded()
      const { x, y, width, height } = await boxOf(slider)
      await page.touchscreen.tap(x + width / 2, y + height - 3)
      await expect.poll(() => page.url()).toMatch(/6000\.loss\.20$/)

      // Chromium takes a tap beside a button for one on it; another browser may not.
      await contender(page, 'switch-map').scrollIntoViewIfNeeded()
      const pill = await boxOf(contender(page, 'switch-map').locator('.verdict'))
      const above = await page.evaluate<string>(
        `document.elementFromPoint(${pill.x + 20}, ${pill.y - 8}).className`,
      )
      expect(above).toBe('verdict')
    })

    it('names everything that can be pressed, pulled or walked on', async () => {
      const page = await open(QUIET)
      const nameless = await page.evaluate<
        string[]
      >(`[...document.querySelectorAll('button, input, select, svg.panel')]
        .filter((each) => ![each.getAttribute('aria-label'), each.textContent, each.closest('label')?.textContent].some((name) => name?.trim()))
        .map((each) => each.outerHTML)`)
      expect(nameless).toEqual([])
      expect(await page.locator('#clock').getAttribute('aria-live')).toBe('off') // or it is read out all the time
      const sliders = await page.getByRole('slider').all()
      expect(await Promise.all(sliders.map((slider) => slider.getAttribute('aria-valuetext')))).toEqual([
        '400 ms',
        '0 %',
        '0 %',
      ])
      expect(await page.getByRole('group', { name: 'cart, kept by nolater' }).count()).toBe(1)
    })

    it('follows the system into the dark, and the button back', async () => {
      const page = await open(FIRST, { colorScheme: 'dark' })
      const colours = () =>
        page.evaluate<string[]>(
          `[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('.panel .nl-faint')).fill]`,
        )
      const dark = await colours()
      expect(dark).toEqual(['rgb(13, 17, 23)', 'rgb(145, 152, 161)'])
      await press(page, 'Light theme')
      expect(await colours()).toEqual(['rgb(255, 255, 255)', 'rgb(89, 99, 110)'])
      await page.reload()
      await page.waitForSelector('html[data-ready]')
      expect(await colours()).toEqual(['rgb(255, 255, 255)', 'rgb(89, 99, 110)'])
    })

    it('begins by itself, but not for those who do not want things to move, and says if a link cannot be read', async () => {
      const page = await open('')
      await expect.poll(() => clock(page), { timeout: 20_000 }).toBeGreaterThan(0.05)
      const still = await open('seed=1&t=0&actor=cart&do=10.rain', { reducedMotion: 'reduce' })
      expect([await clock(still), await still.locator('#play').innerText()]).toEqual([0, 'Play'])
      expect(await still.locator('#told').innerText()).toBe('That link cannot be read; this is another run.')
      expect(still.url()).toContain(`#${FIRST}`)
    })

    it('saves the picture, shares the link, and tells the story as text', async () => {
      const page = await open(FIRST.replace('t=0', 't=4000'), {}, file)
      const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Download SVG')])
      expect(download.suggestedFilename()).toBe('nolater-cart-4000.svg')
      const svg = readFileSync(await download.path(), 'utf8')
      const parsed = await (await browser.newPage()).evaluate<string>(
        `new DOMParser().parseFromString(${JSON.stringify(svg)}, 'image/svg+xml').documentElement.nodeName`,
      )
      expect(parsed).toBe('svg')
      expect(svg).toContain('diverged at')
      await press(page, 'Share')
      await expect
        .poll(() => page.locator('#told').innerText())
        .toMatch(/^(Link copied|The link is in the address bar)\.$/)
      await page.getByText("The actor's story as text").click()
      await expect
        .poll(() => page.locator('pre').innerText())
        .toMatch(/alarm "cart"[\s\S]*intents[\s\S]*writes/)
    })
  },
)
