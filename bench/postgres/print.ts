import { digits, table } from '../table.ts'
import { ours } from './contenders.ts'
import { type Figure, type Result, type Results, spreadIn, wrongIn } from './figures.ts'
import { rates } from './lateness.ts'
import { layouts } from './partitions.ts'
import { ways } from './sets.ts'
import type { Sizes } from './sizes.ts'

/** All that was measured, as tables: median (least to most) over the rounds. */
export function print(all: Results, sizes: Sizes): string {
  const everything = Object.values(all)
  const nolater = ours.map((id) => all[id])
  return [
    sheet('median (least to most)', everything, [
      ...ways.map(({ name }, i) => line(`sets/s, ${name}`, ({ sets }) => sets?.[i])),
      line(`fires/s, of a backlog of ${digits(sizes.backlog)}`, ({ backlog }) => backlog?.firesPerSecond),
      line('commits a fire', ({ backlog }) => backlog?.used.commits),
      line('fsyncs a fire', ({ backlog }) => backlog?.used.fsyncs),
      line('WAL bytes a fire', ({ backlog }) => backlog?.used.walBytes),
      ['right?', (result) => [...new Set(wrongIn(result))].join(', ') || 'right'],
    ]),
    sheet(
      'late ms',
      everything,
      sizes.processes.flatMap((processes) =>
        rates.flatMap((rate, i) =>
          (['p50', 'p99'] as const).map((p) =>
            line(
              `${digits(rate)}/s, ${processes} at work, ${p}`,
              ({ late }) => late[processes]?.lateness[i]?.[p],
            ),
          ),
        ),
      ),
    ),
    sheet(`${digits(sizes.room)} alarms`, everything, [
      line('bytes of a pending alarm', ({ room }) => room?.bytes),
      line('fires/s of all of them', ({ room }) => room?.fired?.firesPerSecond),
      line('WAL bytes a fire', ({ room }) => room?.fired?.used.walBytes),
      line('dead rows then', ({ room }) => room?.fired?.rows.dead),
      line('rows that ever were, a fire', ({ room }) => (room?.fired?.rows.everDead ?? NaN) / sizes.room),
      line('of them without a change of an index', ({ room }) => (room?.fired?.rows.hot ?? NaN) / sizes.room),
      line('vacuums meanwhile', ({ room }) => room?.fired?.rows.vacuums),
    ]),
    sheet(`${digits(sizes.takeOver)} of a dead process, ms`, nolater, [
      line(`the first of them, lease ${digits(sizes.lease)}`, ({ takeOver }) => takeOver?.first),
      line('the last', ({ takeOver }) => takeOver?.last),
    ]),
    sheet(
      `${digits(sizes.partitions)} alarms over`,
      nolater,
      layouts.flatMap(({ databases, processes }, i) => [
        line(
          `${databases} databases, ${processes} processes: sets/s`,
          (round) => round.partitioned[i]?.setsPerSecond,
        ),
        line(
          `${databases} databases, ${processes} processes: fires/s`,
          (round) => round.partitioned[i]?.firesPerSecond,
        ),
      ]),
    ),
  ].join('\n\n')
}

type Line = readonly [name: string, cell: (result: Result) => string]

function line(name: string, figure: Figure): Line {
  return [name, (result) => spreadIn(result.rounds.map(figure))]
}

function sheet(title: string, results: readonly Result[], lines: readonly Line[]): string {
  return table(
    [title, ...results.map(({ name }) => name)],
    lines.map(([name, cell]) => [name, ...results.map(cell)]),
  )
}
