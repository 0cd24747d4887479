import type { ClientBase } from 'pg'
import { fieldOf } from '../../vocabulary/safe-field.ts'
import type { Change, Member } from './change.ts'
import type { Ask, Owned } from './fleet-rows.ts'

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

/** By the server, for a deadlock, or an isolation that is stricter than is needed. */
export function isRolledBack(error: unknown): boolean {
  const code = fieldOf(error, 'code') // of what the function of a change has thrown it may be anything
  return typeof code === 'string' && /^40[0-9A-Z]{3}$/.test(code)
}
