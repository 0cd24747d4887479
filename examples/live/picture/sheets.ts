import type { Timeline } from 'nolater/marbles'
import type { Actor } from '../run/actor.ts'
import type { Ask } from '../run/storm.ts'
import { drawRow } from './draw-marks.ts'
import { drawDivergences, drawEnds, drawMissed, standings } from './draw-verdict.ts'
import { type Item, type Sheet, seconds } from './sheet.ts'
import { type LaneName, type TimedRow, timedLanes } from './timed-marks.ts'

const FLEET: readonly LaneName[] = ['intents', 'moves', 'held', 'commits', 'writes', 'deliveries']
const RACE: readonly LaneName[] = ['commits', 'writes', 'deliveries']

/** What is asked of an actor, whoever keeps its alarm. */
export function askedSheet(asks: readonly Ask[]): Sheet {
  const state = { move: 'same', unconfirmed: false, bound: null, committed: null } as const
  const events = asks.map(({ at, actor, time }) => ({
    kind: 'intent' as const,
    at,
    key: actor,
    time,
    ...state,
  }))
  return laneSheet({ events }, ['intents'])
}

/** An actor's story as its engine tells it. */
export function fleetSheet(actor: Actor, since: number): Sheet {
  return laneSheet(recent(actor.timeline, since), FLEET)
}

/** One contender: what it does, what store and manager really hold, and where that is wrong. */
export function raceSheet({ timeline, judge }: Actor, since: number): Sheet {
  const sheet = laneSheet(recent(timeline, since), RACE)
  const store = sheet.rows
  const manager = store + 1
  const held = { store: judge.store.at(-1)!.time, manager: judge.manager.at(-1)!.time }
  return {
    lanes: [...sheet.lanes, { name: 'store', row: store }, { name: 'manager', row: manager }],
    rows: store + 2,
    items: [
      ...sheet.items,
      ...drawRow('store', standings('store', judge.store), store),
      ...drawRow('manager', standings('manager', judge.manager), manager),
      ...drawEnds(timeline),
      ...drawDivergences(judge, store),
      ...drawMissed(judge.missed, store - 1),
    ],
    standing: [
      { row: store, text: seconds(held.store), look: 'nl-green-text' },
      {
        row: manager,
        text: seconds(held.manager),
        look: judge.divergences.at(-1)?.to === null ? 'nl-red-text nl-bold' : 'nl-blue-text',
      },
    ],
  }
}

/** What happened long ago has left the window. */
function recent({ events }: Timeline, since: number): Timeline {
  return { events: events.filter(({ at }) => at >= since) }
}

function laneSheet(timeline: Timeline, names: readonly LaneName[]): Sheet {
  const drawn = timedLanes(timeline)
  const lanes: { name: string; row: number }[] = []
  const items: Item[] = []
  let row = 0
  for (const name of names) {
    lanes.push({ name, row })
    const rows: readonly TimedRow[] = drawn.get(name) ?? [[]]
    for (const marks of rows) items.push(...drawRow(`${name}${row}`, marks, row++))
  }
  return { lanes, rows: row, items, standing: [] }
}
