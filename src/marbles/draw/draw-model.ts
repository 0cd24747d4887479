import type { AlarmTime } from '../../index.ts'

/** What every format prints: lanes of marks over one ruler. Plain JSON. */
export interface Drawing {
  readonly title: string
  /** how its times are to be read */
  readonly legend: string
  readonly ruler: readonly Column[]
  readonly actors: readonly Actor[]
  /** what went wrong, in order */
  readonly notes: readonly string[]
}

/** One column of the ruler: things that happen at the same time stand in columns of their own, in their order. */
export interface Column {
  readonly at: number
  /** the clock, where it is not that of the column before */
  readonly clock?: string
  /** how far it is from the column before, 1 or more; what is left out is not counted */
  readonly step: number
  /** a gap that is left out before it */
  readonly gap?: string
}

interface Actor {
  readonly key: string
  readonly lanes: readonly Lane[]
}

export const LANES = [
  'intents',
  'moves',
  'held',
  'commits',
  'writes',
  'manager',
  'store',
  'gate',
  'deliveries',
] as const

export interface Lane {
  readonly name: (typeof LANES)[number]
  /** more than one where marks would overlap */
  readonly rows: readonly (readonly Mark[])[]
}

/**
 * - `point`: something that takes no time
 * - `span`: something that begins and ends
 * - `state`: a value that stands until the next one
 */
type Shape = 'point' | 'span' | 'state'

/** `cut`: nothing waits for the answer any more; `over`: it ended as it should. Without one, what follows says it. */
export type Ending = 'acknowledged' | 'failed' | 'fenced' | 'given up' | 'cut' | 'over'

export interface Mark {
  readonly shape: Shape
  /** what it is: of what colour, with which sign */
  readonly look: Look
  /** the alarm that it is about */
  readonly time?: AlarmTime
  /** columns; it goes on where `to` is null */
  readonly from: number
  readonly to: number | null
  readonly label: string
  /** the whole story in a sentence or two */
  readonly tooltip: string
  readonly ending?: Ending
  /** of a delivery: where the handler starts */
  readonly run?: number
  /** a newer time took its place */
  readonly superseded?: boolean
  /** of a state: one of several values, it is unknown which */
  readonly uncertain?: boolean
}

export type Look =
  | 'intent'
  | 'end'
  | 'earlier'
  | 'later'
  | 'same'
  | 'held'
  | 'commit'
  | 'write'
  | 'rest'
  | 'drained'
  | 'manager'
  | 'store'
  | 'closed'
  | 'broken'
  | 'delivery'
