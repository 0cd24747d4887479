import type { ClientBase } from 'pg'
import type { Change } from './change.ts'
import type { Ask, Owned } from './fleet-rows.ts'
import type { Member } from './load-group.ts'

/** The open transaction of a group. */
export interface OpenGroup {
  readonly client: ClientBase
  readonly ask: Ask
  readonly owned: Owned
  /** aborted when its connection is lost, or its pool is being closed */
  readonly signal: AbortSignal
  /** what is to come once more */
  readonly again: Change[]
  /** its commit was sent: it may be durable */
  isSent: boolean
  /** whose actor has broken before that */
  broken: Member | null
}

const TRIES = 5 // of one that is rolled back for what is not its own

export function repeat(change: Change, why: unknown, again: Change[]): void {
  if (++change.tries < TRIES) again.push(change)
  else change.reject(why)
}

/** By the server, for a deadlock, or an isolation that is stricter than is needed. */
export function isRolledBack(error: unknown): boolean {
  return /^40[0-9A-Z]{3}$/.test(String((error as { code?: unknown } | null)?.code))
}
