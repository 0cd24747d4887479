import type { ClientBase } from 'pg'
import type * as changes from '../../changes/change.ts'
import type * as loading from '../../changes/load-group.ts'
import type { ActorChange } from '../../fleet/actor-fleet.ts'

/** What a change does: statements on `tx`, and what it asks of the alarm. Its end is waited for, and nothing that it has not awaited. */
export type ChangeWork<T> = ActorChange<T, ClientBase>

export type Change = changes.Change<ChangeWork<unknown>>
export type Member = loading.Member<ChangeWork<unknown>>
