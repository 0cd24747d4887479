import type { ListedAlarm } from '../../vocabulary/listed-alarm.ts'
import type { ManagerStats } from '../../vocabulary/manager-stats.ts'

/** What can be changed. */
export const actions = ['retry', 'reschedule', 'discard', 'pause', 'resume'] as const
export type Action = (typeof actions)[number]

/** A page of the list, as it is sent. */
export interface ListAnswer {
  /** without the stacks of their errors */
  readonly alarms: readonly ListedAlarm[]
  /** there are more after the last one */
  readonly more: boolean
  /** the search took too long, and was ended: there may be more */
  readonly cut: boolean
}

/** The next hour, as it is sent. */
export interface HourAnswer {
  /** when it begins, ms since the epoch */
  readonly from: number
  /** how many are due in each of its minutes */
  readonly counts: readonly number[]
}

/** How the manager stands, as it is sent each second. */
export interface LookEvent {
  readonly stats: ManagerStats
  /** `null`: the manager does not count by the minute */
  readonly hour: HourAnswer | null
}

/** What the journal has of an actor, as it is sent. */
export interface TimelineAnswer {
  /** a picture for each stretch of its last events, and what is to be known of the gaps between them */
  readonly parts: readonly ({ readonly title: string; readonly svg: string } | { readonly gap: string })[]
  /** all of it, drawn as text; empty where there is nothing of this actor */
  readonly text: string
}

/** It cannot be said now how the manager stands. */
export interface TroubleEvent {
  readonly message: string
}
