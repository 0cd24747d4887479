import type { KeyedEvent } from '../../vocabulary/event.ts'

/** What is kept of an error. */
export interface JournalError {
  readonly name: string
  readonly message: string
  readonly code?: string
}

type Kept<Event> = Event extends { readonly error: unknown }
  ? Omit<Event, 'error'> & { readonly error: JournalError }
  : Event

/** What a journal has of an actor: its events, with errors as texts, and what is to be known to read them. */
export type JournalEvent =
  | Kept<KeyedEvent>
  | ({ readonly at: number; readonly key: string } & (
      | { readonly kind: 'completed' }
      | { readonly kind: 'errored'; readonly error: JournalError }
      /** one that no text could be made of, by its kind */
      | { readonly kind: 'not-kept'; readonly of: string }
      /** what follows is of another recording: another process, or an alarm that was opened again */
      | { readonly kind: 'recording-began' }
      /** from `at` to `until`, so many events of all actors were lost: the file could not be written */
      | { readonly kind: 'gap'; readonly until: number; readonly lost: number }
    ))
