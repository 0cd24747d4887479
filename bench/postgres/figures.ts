import { spreadOf } from '../stats.ts'
import { digits } from '../table.ts'
import type { Backlog } from './backlog.ts'
import type { ContenderId } from './contenders.ts'
import type { Late } from './lateness.ts'
import type { Partitioned } from './partitions.ts'
import type { Room } from './room.ts'
import type { TakeOver } from './take-over.ts'

/** What one contender did in one round; what is missing was not measured in it, or failed. */
export interface Round {
  /** a second, in each of the ways */
  readonly sets?: readonly (number | null)[] | undefined
  readonly backlog?: Backlog | undefined
  /** by the number of processes */
  readonly late: Readonly<Record<number, Late | undefined>>
  readonly takeOver?: TakeOver | undefined
  readonly room?: Room | undefined
  /** in each of the layouts */
  readonly partitioned: readonly (Partitioned | undefined)[]
}

export interface Result {
  readonly name: string
  readonly rounds: readonly Round[]
  /** what could not be measured, and why */
  readonly failures: readonly string[]
}

export type Results = Readonly<Record<ContenderId, Result>>

export type Figure = (round: Round) => number | null | undefined

/** All that was wrong in any round. */
export function wrongIn({ rounds, failures }: Result): string[] {
  const each = rounds.flatMap(({ backlog, late, takeOver, room, partitioned }) => [
    backlog,
    takeOver,
    room?.fired,
    ...Object.values(late),
    ...partitioned,
  ])
  return [...each.flatMap((measured) => measured?.wrong ?? []), ...failures]
}

/** The median (least to most) of those rounds that have a figure. */
export function spreadIn(figures: readonly (number | null | undefined)[]): string {
  const known = figures.filter((figure) => Number.isFinite(figure)) as number[]
  if (known.length === 0) return ''
  const { median, min, max } = spreadOf(known)
  return min === max ? digits(median) : `${digits(median)} (${digits(min)} to ${digits(max)})`
}
