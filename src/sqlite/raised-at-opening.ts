import type { Keeper } from '../actor/keeper.ts'
import type { Alarm } from '../actor/open-alarm.ts'
import { fenceOf } from '../vocabulary/fence.ts'
import type { AlarmManager } from '../vocabulary/manager.ts'
import type { StoreFile } from './store-file.ts'

/** The fence that a manager holds of a key, where it can say so; what keeps it from that is met by the first write. */
export function fenceHeld(manager: AlarmManager, key: string): number | null {
  try {
    const held = manager.fenceOf?.(key)
    return typeof held === 'number' ? held : null
  } catch {
    return null
  }
}

/** Notifies of an epoch that was raised as the file was opened; in a microtask, so that what subscribes to the new store sees it. */
export function tellRaised(engine: Alarm, { raisedOver: held, epoch }: StoreFile): void {
  if (held === null) return
  queueMicrotask(() =>
    (engine as unknown as Keeper).tellNow({ kind: 'epoch-raised', held, epoch, fence: fenceOf(epoch, 1) }),
  )
}
