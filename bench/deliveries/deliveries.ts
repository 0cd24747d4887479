import { fork } from 'node:child_process'
import { once } from 'node:events'
import { awaitProcess } from '../../examples/processes/await-process.ts'
import { type Spread, spreadOf } from '../stats.ts'
import { digits, table } from '../table.ts'
import type { FigureId } from './figures.ts'

const LIMIT = 120_000 // ms
const TIMES = 3 // processes for each
const rows: Readonly<Record<FigureId, string>> = {
  alarm: 'set, delivered, handled, deleted: ns, of an alarm',
  fleet: '... through a fleet: ns',
  'in flight': 'a handler at work: bytes of manager, fleet and alarm',
  close: 'a million idle actors are closed: s',
}

/** What a delivery costs, and the end of a large fleet. */
export async function deliveries(): Promise<Record<string, Spread>> {
  const measured: Record<string, Spread> = {}
  for (const id of Object.keys(rows) as FigureId[]) measured[id] = spreadOf(await measureFigure(id))
  const printed = Object.entries(measured).map(([id, { median, min, max }]) => [
    rows[id as FigureId],
    digits(median),
    `${digits(min)} to ${digits(max)}`,
  ])
  console.log(table(['', 'median', 'least to most'], printed))
  return measured
}

/** In so many processes, one after the other. */
export async function measureFigure(id: FigureId, times = TIMES): Promise<number[]> {
  const all: number[] = []
  for (let i = 0; i < times; i++) {
    const lane = fork(new URL('./lane.ts', import.meta.url), [id], {
      execArgv: ['--expose-gc', '--single-threaded-gc', '--max-old-space-size=8192'],
    })
    const answered = Promise.all([once(lane, 'message'), once(lane, 'exit')])
    const [[figures]] = await awaitProcess(lane, id, answered, LIMIT)
    all.push(...figures)
  }
  return all
}
