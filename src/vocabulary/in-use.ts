import { AlarmError } from './errors.ts'
import { given } from './given.ts'
import type { AlarmManager } from './manager.ts'

/** Refuses where the manager says that it has an alarm of the actor; one that cannot say so is not asked. */
export async function checkManagerHasNone(manager: AlarmManager, key: string, place: string): Promise<void> {
  const { get } = manager as { get?: (key: string) => unknown }
  const held = typeof get === 'function' ? await get.call(manager, key) : null
  if (typeof held === 'number') throw inUse(key, place, `its manager holds the alarm ${held}`)
}

/** An actor that cannot be forgotten. */
export function inUse(key: string, place: string, why: string): AlarmError {
  return new AlarmError(
    'ALARM_IN_USE',
    `The actor ${given(key)} of ${place} cannot be forgotten: ${why}. Delete its alarm, await drained(), then forget it.`,
    { counted: false },
  )
}
