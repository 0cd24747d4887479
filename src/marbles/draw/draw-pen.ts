import type { TimelineError, TimelineEvent } from '../timeline/timeline.ts'
import type { Sheet } from './draw-sheet.ts'
import type { TimePrinter } from './draw-times.ts'

/** What draws one event. */
export interface Pen {
  readonly sheet: Sheet
  readonly print: TimePrinter
  /** the column of the event, and of the actor's first one */
  readonly from: number
  readonly first: number
  /** its time, printed */
  readonly moment: string
  /** something that a reader must not miss */
  note(text: string): void
}

type Kind = TimelineEvent['kind']

/** How events of some kinds are drawn. */
export type Drawers<Of extends Kind = Kind> = {
  readonly [Each in Of]: (event: Extract<TimelineEvent, { kind: Each }>, pen: Pen) => void
}

export const reason = ({ code, message }: TimelineError): string =>
  code === undefined ? message : `${message} (${code})`
