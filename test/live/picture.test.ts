import { describe, expect, it } from 'vitest'
import { drawRow } from '../../examples/live/picture/draw-marks.ts'
import { drawPicture } from '../../examples/live/picture/picture.ts'
import { SCALE } from '../../examples/live/picture/sheet.ts'
import { askedSheet, fleetSheet, raceSheet } from '../../examples/live/picture/sheets.ts'
import { type TimedMark, timedLanes } from '../../examples/live/picture/timed-marks.ts'
import { firstPlan } from '../../examples/live/run/plan.ts'
import { simulate } from '../../examples/live/run/simulation.ts'

const simulation = await simulate(firstPlan)
await simulation.advanceTo(8_000)
const { fleets, asks } = simulation
const titleOf = (svg: string): string => /<title>(.*?)<\/title>/.exec(svg)![1]!

describe('the lanes of the page', () => {
  it("are the kit's marks, at the times of their events", () => {
    const { timeline } = fleets.nolater.actors.cart
    const lanes = timedLanes(timeline)
    const drawn = (lane: 'intents' | 'writes' | 'commits', look: string) =>
      lanes
        .get(lane)!
        .flat()
        .filter(({ mark }) => mark.look === look)
        .map(({ from }) => from)
    const told = (kind: string) => timeline.events.filter((event) => event.kind === kind).map(({ at }) => at)
    expect(drawn('intents', 'intent')).toEqual(told('intent'))
    expect(drawn('writes', 'write')).toEqual(told('write-issued'))
    expect(drawn('commits', 'commit')).toEqual(told('commit-issued'))
    expect(drawn('commits', 'commit').length).toBeGreaterThan(5)
  })

  it('stand where the clock says, in the colours and the words of the kit', () => {
    const { items, lanes } = fleetSheet(fleets.nolater.actors.cart, 0)
    expect(lanes.map(({ name }) => name)).toEqual([
      'intents',
      'moves',
      'held',
      'commits',
      'writes',
      'deliveries',
    ])
    const write = fleets.nolater.actors.cart.timeline.events.find(
      (event) => event.kind === 'write-issued' && event.move === 'earlier',
    )!
    const item = items.find(({ id, from }) => id.startsWith('writes') && from === write.at)!
    expect(item.svg).toContain('class="nl-blue"')
    expect(item.svg).toContain(`x="${write.at * SCALE}"`)
    expect(titleOf(item.svg)).toMatch(
      /^write \d+s, earlier, fence \d+: issued at .*s, acknowledged at .*s after .*ms$/,
    )
  })

  it('keep a point from covering the one before', () => {
    const point = (from: number): TimedMark => {
      const mark = {
        shape: 'point',
        look: 'intent',
        from: 0,
        to: 0,
        label: '12s',
        tooltip: 'set 12s',
      } as const
      return { mark, from, to: from }
    }
    const xs = drawRow('intents', [point(1_000), point(1_000), point(1_010), point(5_000)], 0).map(
      ({ svg }) => Number(/ x="([\d.]+)"/.exec(svg)![1]),
    )
    for (const [i, x] of xs.slice(1).entries()) expect(x - xs[i]!).toBeGreaterThanOrEqual(3 * 8 + 7)
    expect(xs[3]).toBe(5_000 * SCALE)
  })

  it('give each marble an id of its own, which it keeps', async () => {
    const later = await simulate(firstPlan)
    const seen = new Map<string, string>()
    for (let at = 500; at <= 8_000; at += 500) {
      await later.advanceTo(at)
      for (const id of ['switch-map', 'parked-chain', 'nolater'] as const) {
        const { items } = raceSheet(later.fleets[id].actors.cart, 0)
        expect(new Set(items.map((item) => item.id)).size).toBe(items.length)
        for (const item of items) {
          const start = `${id} ${item.id} ${item.from}`
          expect(seen.get(`${id} ${item.id}`) ?? start).toBe(start)
          seen.set(`${id} ${item.id}`, start)
        }
      }
    }
  })

  it('show what store and manager really hold, and mark the moment at which a rival parts from its store', () => {
    const { actors } = fleets['parked-chain']
    const { judge } = actors.cart
    const { items, standing } = raceSheet(actors.cart, 0)
    const held = items.filter(({ id }) => id.startsWith('manager@'))
    expect(held.map(({ from }) => from)).toEqual(judge.manager.map(({ at }) => at))
    expect(standing.map(({ text }) => text)).toEqual(
      [judge.store, judge.manager].map((of) => {
        const { time } = of.at(-1)!
        return time === null ? 'none' : `${time / 1000}s`
      }),
    )
    expect(items.some(({ svg }) => svg.includes('fence 0'))).toBe(false)
    const flag = items.find(({ id }) => id === 'first-divergence')!
    expect(flag.from).toBe(judge.divergences[0]!.from)
    expect(flag.svg).toContain(`diverged at ${flag.from / 1000}s`)
    expect(titleOf(flag.svg)).toMatch(
      /the store holds \d+s, but the manager holds (\d+s|none): later than the store, until/,
    )
    expect(items.filter(({ id }) => id.startsWith('late@'))).toHaveLength(judge.divergences.length)
    expect(
      raceSheet(fleets.nolater.actors.cart, 0).items.some(({ id }) => /^(late|first|missed)/.test(id)),
    ).toBe(false)
  })
})

describe('the picture that is saved', () => {
  const actor = fleets['switch-map'].actors.cart
  const panels = [
    { title: 'what is asked', sheet: askedSheet(asks.filter((ask) => ask.actor === 'cart')) },
    { title: 'a <rival>', sheet: raceSheet(actor, 0) },
  ]
  const svg = drawPicture({ title: 'cart & "friends"', panels, now: 8_000 })

  it('stands by itself, light and dark', () => {
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/)
    expect(svg).toContain('@media (prefers-color-scheme:dark)')
    expect(svg).not.toMatch(/href|url\(|<script/)
    expect(svg).toContain('a &lt;rival&gt;')
    expect(svg).toContain('<title>cart &amp; &quot;friends&quot;</title>')
  })

  it('shows what is on the page at that moment, and nothing older', () => {
    const intents = (text: string) =>
      [...text.matchAll(/<title>(?:set \d+s|delete) at ([\d.]+)s<\/title>/g)].map(([, at]) => Number(at))
    const shown = intents(svg)
    expect(shown.length).toBeGreaterThan(5)
    expect(Math.min(...shown)).toBeGreaterThan(1.5)
    expect(intents(drawPicture({ title: '', panels, now: 2_000 })).every((at) => at <= 2)).toBe(true)
  })
})
