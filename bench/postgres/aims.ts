import { table } from '../table.ts'
import { type ContenderId, ours } from './contenders.ts'
import { type Figure, type Results, type Round, spreadIn } from './figures.ts'
import { rates } from './lateness.ts'
import { grouped, oneByOne, tenAtATime } from './sets.ts'
import type { Sizes } from './sizes.ts'

const fires: Figure = ({ backlog }) => backlog?.firesPerSecond
const fastest = rates.length - 1

/** What was aimed at, and ratios within one round, as everything else was the same then. */
export function aims(all: Results, { lease, processes }: Sizes): string {
  const most = Math.max(...processes)
  const is = (figure: Figure) => ours.map((id) => spreadIn(all[id].rounds.map(figure)))
  const beside = (other: ContenderId, a: Figure, b: Figure = a) =>
    ours.map((id) => spreadIn(all[id].rounds.map((round, i) => ratio(round, all[other].rounds[i]!, a, b))))
  const sets =
    (way: number): Figure =>
    ({ sets }) =>
      sets?.[way]
  const late =
    (by: number): Figure =>
    ({ late }) =>
      late[by]?.lateness[fastest]?.p99
  return table(
    ['', 'aim', ...ours.map((id) => all[id].name)],
    [
      ['late ms p99 at 1,000/s, 1 process', '10 or less', ...is(late(1))],
      [`late ms p99 at 1,000/s, ${most} processes`, '40 or less', ...is(late(most))],
      ['fires/s of a backlog', '12,000 or more', ...is(fires)],
      ['bytes of a pending alarm', '350 or less', ...is(({ room }) => room?.bytes)],
      [
        'sets in a call, beside add_job one by one',
        '20 or more',
        ...beside('plain', sets(grouped), sets(oneByOne)),
      ],
      [
        'sets in a call, beside add_job 10 at a time',
        '20 or more',
        ...beside('plain', sets(grouped), sets(tenAtATime)),
      ],
      [
        'first taken over, s after the end of a process',
        `${lease / 1_000 + 1} or less`,
        ...is(({ takeOver }) => takeOver && takeOver.first / 1_000),
      ],
      ['fires, beside plain jobs', '', ...beside('plain', fires)],
      ['fires, beside tuned ones', '', ...beside('tuned', fires)],
      ['fires, beside pg-boss', '', ...beside('boss', fires)],
      ['sets in a call, beside tuned jobs', '', ...beside('tuned', sets(grouped))],
      ['sets in a call, beside pg-boss', '', ...beside('boss', sets(grouped))],
    ],
  )
}

function ratio(one: Round, other: Round, a: Figure, b: Figure): number | null {
  const [above, below] = [a(one), b(other)]
  return above == null || below == null ? null : above / below
}
