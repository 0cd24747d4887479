import type { ActorOperation, ChangedAlarm, FleetRequest } from '../fleet/actor-fleet.ts'
import { configError } from '../vocabulary/error-of.ts'
import { noJson } from './change-errors.ts'

/** The operations of a fleet, as its options have them. */
export type Operations<Tx> = Readonly<Record<string, ActorOperation<Tx>>>

/** What a request does in its change. */
export type Operating<Tx> = (tx: Tx, alarm: ChangedAlarm) => Promise<unknown>

/** Throws `ALARM_CONFIG_INVALID`. */
export function checkOperations<Tx>(operations: Operations<Tx>): void {
  if (typeof operations !== 'object' || operations === null)
    throw configError('operations', 'an object of functions by their names', operations)
  for (const [name, operation] of Object.entries(operations)) {
    if (typeof operation !== 'function') {
      const wanted = 'a function of a transaction, an alarm and an input'
      throw configError(`The operation ${name}`, wanted, operation)
    }
  }
}

/** Throws `ALARM_CONFIG_INVALID`, `ALARM_VALUE_INVALID`. */
export function operationOf<Tx>(
  operations: Operations<Tx>,
  { operation, input }: Pick<FleetRequest, 'operation' | 'input'>,
): Operating<Tx> {
  const known = Object.hasOwn(operations, operation) ? operations[operation] : undefined
  if (known === undefined) {
    const names = Object.keys(operations).join(', ') || 'none'
    throw configError('operation', `one of those that the fleet was opened with (${names})`, operation)
  }
  const given = textOf(`The input of ${operation}`, input)
  return async (tx, alarm) => {
    const result = await known(tx, alarm, JSON.parse(given) as never)
    return JSON.parse(textOf(`What ${operation} returns`, result))
  }
}

/** As JSON, the same here as where another process is asked. */
function textOf(what: string, value: unknown): string {
  let text: string | undefined
  let cause: unknown
  try {
    text = JSON.stringify(value ?? null)
  } catch (error) {
    cause = error
  }
  if (text === undefined) throw noJson(what, value, cause)
  return text
}
