import type { FleetRequest as Request } from '../../fleet/actor-fleet.ts'
import { AlarmError } from '../../vocabulary/errors.ts'
import { given } from '../../vocabulary/given.ts'
import { fieldOf } from '../../vocabulary/safe-field.ts'
import type { ShardOwner } from './shard-table.ts'

/** A request on its way to the process that owns its actor. */
export interface Forwarded extends Request {
  /** of that process */
  readonly address: string
  /** which process that is: another one at this address does not run it */
  readonly owner: string
}

/**
 * Hands a request to another process, and resolves with what it returned there. Rejects with an `AlarmError` of `ALARM_FENCED` where that one
 * did not run it, as the actor is not its own; with one that has `passes` where it is not known whether it did; any other error is that of the
 * operation.
 */
export type Forward = (request: Forwarded) => PromiseLike<unknown>

const TRIES = 6

/**
 * Asks the owner of an actor, and the next one where it has changed. What was not run is asked for again; what may have run only where it has an
 * id, by which it runs once.
 */
export async function forwardTo(
  request: Request,
  forward: Forward,
  ownerOf: (key: string) => Promise<ShardOwner | null>,
  rest: (tries: number) => Promise<void>,
): Promise<unknown> {
  for (let tries = 1; ; tries++) {
    const { process: owner, address = null } = (await ownerOf(request.key)) ?? {}
    let failure: unknown = unowned(request.key)
    if (owner !== undefined && address !== null) {
      try {
        return await forward({ ...request, address, owner })
      } catch (error) {
        if (!wasRefused(error) && !(isUnknown(error) && request.id !== undefined)) throw error
        failure = error
      }
    }
    if (tries === TRIES) throw failure
    await rest(tries)
  }
}

/** It was not run there. */
export function wasRefused(error: unknown): boolean {
  return fieldOf(error, 'code') === 'ALARM_FENCED'
}

/** It may have run. */
function isUnknown(error: unknown): boolean {
  return fieldOf(error, 'passes') === true
}

function unowned(key: string): AlarmError {
  return new AlarmError(
    'ALARM_FENCED',
    `No process that has an address owns the actor ${given(key)} now. Give each \`address\`, and ask again.`,
    { counted: false, passes: true },
  )
}
