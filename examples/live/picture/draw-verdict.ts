import type { Timeline } from 'nolater/marbles'
import { element, escaped } from '../../../src/marbles/draw/draw-svg-element.ts'
import { cross, stroke, text } from '../../../src/marbles/draw/draw-svg-shapes.ts'
import type { Divergence, Judge, Missed, Standing } from '../run/judge.ts'
import { type Item, middleOf, ROW, SCALE, seconds } from './sheet.ts'
import type { Mark, TimedMark } from './timed-marks.ts'

const LEAST = 20 // ms; what stood for less is drawn as wide as can be seen

/** What a store or a manager really held, as marks. */
export function standings(look: 'store' | 'manager', history: readonly Standing[]): TimedMark[] {
  const says = look === 'store' ? 'the store durably holds' : 'the manager holds'
  return history.map(({ at, time }, i) => {
    const next = history[i + 1]
    const to = next === undefined ? null : Math.max(next.at, at + LEAST)
    const label = seconds(time)
    const tooltip = `from ${seconds(at)} on ${says} ${time === null ? 'no alarm' : label}`
    return {
      mark: { shape: 'state', look, label, tooltip, from: 0, to: to === null ? null : 0 } satisfies Mark,
      from: at,
      to,
    }
  })
}

/** Where the manager is later than the store: red over both, and a flag above the first. */
export function drawDivergences({ divergences }: Judge, storeRow: number): Item[] {
  const y = middleOf(storeRow) - ROW / 2
  return divergences.flatMap((each, i): Item[] => {
    const { from, to } = each
    const x = from * SCALE
    const width = ((to ?? from + 10_000_000) - from) * SCALE
    const band = element('rect', { class: 'nl-diverged', x, y, width, height: 2 * ROW })
    const item = { row: storeRow + 1, from, to }
    const shown = { ...item, id: `late@${from}`, lasts: true, svg: titled(story(each), band) }
    if (i > 0) return [shown]
    const flag = [
      stroke(`M${x} 2V${y + 2 * ROW}`, 'red'),
      element('path', { class: 'nl-red-solid', d: `M${x} 2h10l-3 5l3 5h-10Z` }),
      text(`diverged at ${seconds(from)}`, x + 15, 12, 'nl-sans nl-small nl-bold nl-red-solid'),
    ]
    const svg = titled(`the first divergence: ${story(each)}`, ...flag)
    return [shown, { ...item, id: 'first-divergence', row: -1, to: from + 2_000, lasts: false, svg }]
  })
}

export function story({ from, to, store, manager }: Divergence): string {
  const holds = manager === null ? 'holds none' : `holds ${seconds(manager)}`
  const until = to === null ? 'and it still is later' : `until ${seconds(to)}`
  return `at ${seconds(from)} the store holds ${seconds(store)}, but the manager ${holds}: later than the store, ${until}`
}

/** Alarms that were due while nobody was going to wake for them in time. */
export function drawMissed(missed: readonly Missed[], row: number): Item[] {
  return missed.map((each) => {
    const { due } = each
    const x = due * SCALE
    const sign = [
      cross(x + 5, middleOf(row)),
      text(`${seconds(due)} missed`, x + 14, middleOf(row) + 4, 'nl-sans nl-small nl-red-solid'),
    ]
    const item = { id: `missed@${due}`, row, from: due, to: due + 1_000, lasts: false }
    return { ...item, svg: titled(fateOf(each), ...sign) }
  })
}

function fateOf({ due, wokenAt, isReplaced }: Missed): string {
  const was = `the alarm ${seconds(due)} was due, and the manager was later`
  if (wokenAt !== null) return `${was}: its handler began ${seconds(wokenAt - due)} late`
  return `${was}: ${isReplaced ? 'lost, another took its place before any handler began' : 'nobody has woken for it yet'}`
}

/** Where a process ended, by a crash or because its alarm broke, above the lanes that have no place for it. */
export function drawEnds({ events }: Timeline): Item[] {
  return events.flatMap((event): Item[] => {
    if (event.kind !== 'errored') return []
    const { at, error } = event
    const x = at * SCALE
    const sign = [cross(x, 8), text('opened again', x + 8, 12, 'nl-sans nl-small nl-faint')]
    const svg = titled(`the process ended at ${seconds(at)}, and is opened again: ${error.message}`, ...sign)
    return [{ id: `end@${at}`, row: -1, from: at, to: at + 1_000, lasts: false, svg }]
  })
}

const titled = (title: string, ...shapes: readonly string[]): string =>
  element('g', {}, element('title', {}, escaped(title)), ...shapes)
