import type { KeyedEvent } from '../../index.ts'
import type { TimelineEvent } from '../timeline/timeline.ts'

/** What a file says of itself, between the events that it kept. */
type FileEvent = { readonly at: number; readonly key: string } & (
  | { readonly kind: 'not-kept' }
  | { readonly kind: 'recording-began' }
  | { readonly kind: 'gap' }
)

/** An event of an alarm or of a fleet, as it was emitted, recorded, or read from a journal. */
export type TraceEvent = KeyedEvent | TimelineEvent | FileEvent

/** The first event of a stretch that the specification does not allow. */
export interface TraceFault {
  readonly key: string
  readonly at: number
  /** which event of this key it is, from 0 */
  readonly index: number
  readonly event: TraceEvent
  /** the sentence of the specification that it breaks */
  readonly rule: string
  /** what was known of the actor before it; what is not there was not known */
  readonly state: Readonly<Record<string, unknown>>
  /** what might have come instead */
  readonly allowed: readonly string[]
}
