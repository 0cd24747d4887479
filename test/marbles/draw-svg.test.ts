import { drawTimeline, type Timeline, type TimelineEvent } from 'nolater/marbles'
import { describe, expect, it } from 'vitest'
import { recorded } from './draw-recorded.ts'

const svgOf = (timeline: Timeline, options: { width?: number; title?: string } = {}): string =>
  drawTimeline(timeline, { format: 'svg', ...options })

/** The race: a later move in flight, an earlier one held. */
function race(key = ''): Timeline {
  const { alarm, clock, recording } = recorded({ commit: () => 4, write: () => 12 }, { initial: 1, key })
  alarm.set(5)
  clock.advance(6)
  alarm.set(2)
  clock.flush()
  return recording.timeline
}

/** Names of elements that are opened and not closed in their order, or text that is no XML. */
function faultsIn(xml: string): string[] {
  const faults: string[] = []
  const open: string[] = []
  const rest = xml.replace(
    /<(\/?)([a-z]+)((?: [\w:-]+="[^"<&]*(?:&(?:amp|lt|gt|quot|#39);[^"<&]*)*")*)(\/?)>/g,
    (tag, closes, name, _attributes, isEmpty) => {
      if (closes) {
        if (open.pop() !== name) faults.push(tag)
      } else if (!isEmpty) open.push(name)
      return ''
    },
  )
  const text = rest.replace(/&(amp|lt|gt|quot|#39);/g, '')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has no way to write them
  return [...faults, ...open, ...(text.match(/[<&\u0000-\u0008\u000b-\u001f]/g) ?? [])]
}

describe('drawTimeline as a picture', () => {
  it('is one image for those who cannot see it: a role, a title, a description', () => {
    const svg = svgOf(race(), { title: 'the race' })
    expect(svg).toMatch(
      /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="960" height="\d+" viewBox="0 0 960 \d+" role="img">\n<title>the race<\/title>\n/,
    )
    expect(svg).toContain('<desc>From 0 to 32. 2 intents, 2 commits, 2 writes</desc>')
  })

  it('is XML, whatever the keys and the errors hold', () => {
    const key = `<script>alert("1")</script> & ' ]]> \u0000\u0007\ufffe 漢\u202e`
    expect(faultsIn(svgOf(race()))).toEqual([])
    const svg = svgOf(race(key), { title: `${key}\ud800` })
    expect(faultsIn(svg)).toEqual([])
    expect(svg).not.toContain('<script')
    expect(svg).toContain('&lt;script&gt;')
    const { alarm, clock, recording } = recorded({ write: () => new Error(key) }, { key })
    alarm.set(5)
    clock.flush()
    expect(faultsIn(svgOf(recording.timeline))).toEqual([])
    // The one that looks must be able to see.
    expect(faultsIn('<a><b></a>')).not.toEqual([])
    expect(faultsIn('<a x="<"></a>')).not.toEqual([])
    expect(faultsIn('<a>&nbsp;</a>')).not.toEqual([])
  })

  it('has a tooltip with the whole story on every mark', () => {
    const timeline = race()
    const { actors } = JSON.parse(drawTimeline(timeline, { format: 'json' }))
    const marks = actors[0].lanes.flatMap(({ rows }: { rows: { tooltip: string }[][] }) => rows.flat())
    const svg = svgOf(timeline)
    expect(marks.length).toBeGreaterThan(15)
    for (const { tooltip } of marks) expect(svg).toContain(`<title>${tooltip}</title>`)
    expect(svg).toContain('<title>write 5, later, fence 1: issued at 4, acknowledged at 16 after 12</title>')
    expect(svg).toContain(
      '<title>2 must go to the manager first, and waits from 6 for the write in flight; after 10 the alarm wanted is 2</title>',
    )
    expect(svg).toContain('<title>from 4 on the manager holds 1 or 5, it is unknown which</title>')
  })

  it('reads in light and in dark, without anything from outside', () => {
    const svg = svgOf(race())
    const [, style = ''] = svg.match(/<style>([\s\S]*)<\/style>/) ?? []
    const [light = '', dark = ''] = style.split('@media (prefers-color-scheme:dark)')
    // Every colour has its counterpart: a name that is coloured in light only would vanish in the dark.
    const coloured = (css: string): string[] =>
      [...css.matchAll(/\.([\w-]+)\{[^}]*#[0-9a-f]{6}/g)].map(([, name]) => name!)
    expect(coloured(light).length).toBeGreaterThan(20)
    expect(coloured(dark)).toEqual(coloured(light))
    const used = new Set([...svg.matchAll(/class="([^"]*)"/g)].flatMap(([, names]) => names!.split(' ')))
    for (const name of used) expect(style).toContain(`.${name}{`)
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\(|@import|<script|var\(/)
  })

  it('keeps all marks on the page and their labels apart', () => {
    const { alarm, clock, recording } = recorded(
      { commit: () => 5, write: () => 3 },
      { start: Date.UTC(2026, 0, 1) },
    )
    for (let i = 1; i < 9; i++) {
      alarm.set(clock.now() + i * 100_001 * (i % 2 === 0 ? 7 : 1))
      clock.advance(10 ** (i % 5))
    }
    let looked = 0
    for (const width of [360, 640, 960]) {
      const svg = svgOf(recording.timeline, { width })
      for (const row of svg.matchAll(/<g transform="translate\(88 0\)">(.*)/g)) {
        const labels = [
          ...row[1]!.matchAll(/<text class="nl-mono[^>]* x="([\d.]+)" y="(\d+)">([^<]*)</g),
        ].map(([, x, y, text]) => ({ y, from: Number(x), to: Number(x) + text!.length * 7.2 }))
        for (const [i, { y, to }] of labels.entries()) {
          const next = labels.slice(i + 1).find((label) => label.y === y)
          expect(to).toBeLessThanOrEqual(next?.from ?? width - 88 - 16)
          looked++
        }
      }
    }
    expect(looked).toBeGreaterThan(200)
  })

  it('stretches what is short, and goes on below where it is long', () => {
    const heightOf = (svg: string): number => Number(svg.match(/height="(\d+)"/)![1])
    const axes = (svg: string): number[] =>
      [...svg.matchAll(/class="nl-line" d="M0 24H([\d.]+)"/g)].map(([, x]) => Number(x))
    const wide = svgOf(race(), { width: 960 })
    expect(axes(wide)).toHaveLength(1)
    expect(axes(wide)[0]).toBeGreaterThan(600)
    const narrow = svgOf(race(), { width: 360 })
    expect(axes(narrow).length).toBeGreaterThan(1)
    expect(Math.max(...axes(narrow))).toBeLessThanOrEqual(360 - 32 - 88)
    expect(heightOf(narrow)).toBeGreaterThan(heightOf(wide))
  })

  it('explains the signs that it uses, and no others', () => {
    expect(svgOf(race())).toContain('>drained</text>')
    expect(svgOf(race())).not.toContain('>failed</text>')
    const { alarm, clock, recording } = recorded({ write: () => new Error('down') })
    alarm.set(5)
    clock.flush()
    expect(svgOf(recording.timeline)).toContain('>failed</text>')
    expect(svgOf(recording.timeline)).not.toContain('>drained</text>')
  })

  it('draws a handler that runs apart from a delivery that waits for its turn', () => {
    const delivery = { key: '', scheduledTime: 5, retryCount: 0 }
    const events: TimelineEvent[] = [
      { at: 5, kind: 'delivery-arrived', ...delivery },
      { at: 9, kind: 'delivery-run', time: 5, deletes: true, ...delivery },
      { at: 12, kind: 'delivery-done', ...delivery },
    ]
    const boxes = (svg: string): string[] =>
      [...svg.matchAll(/<(?:rect|path) class="(nl-violet[^"]*)"/g)].map(([, look]) => look!)
    expect(boxes(svgOf({ events }))).toEqual([
      'nl-violet-hollow nl-dashed',
      'nl-violet',
      'nl-violet-line nl-heavy',
    ])
    expect(boxes(svgOf({ events: events.slice(0, 1) }))).toEqual(['nl-violet-hollow nl-dashed'])
  })
})
