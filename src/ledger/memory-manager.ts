import { checkNames } from '../vocabulary/check-names.ts'
import { watchSteps } from './clock-steps.ts'
import { type LedgerManager, ledgerManager } from './ledger-manager.ts'
import { checkManagerOptions, type ManagerOptions, managerNames } from './manager-options.ts'
import { memoryLedger } from './memory-ledger.ts'

/** A manager in memory: the whole contract, except that it forgets with its process. */
export type MemoryManager = LedgerManager

/**
 * Makes a manager that keeps its alarms in memory, on any scheduler: a TestScheduler drives days in milliseconds.
 *
 * Writes complete synchronously. Removals leave their fence for a day. Throws `ALARM_CONFIG_INVALID`.
 *
 * ```ts
 * const manager = memoryManager()
 * const alarm = openAlarm({ key: '42', commit, write: (time, info) => manager.write('42', time, info) })
 * manager.deliveries((delivery) => alarm.deliver(delivery, () => brew())).subscribe()
 * ```
 */
export function memoryManager(options: ManagerOptions = {}): MemoryManager {
  checkNames('memoryManager', options, managerNames)
  const checked = checkManagerOptions(options)
  const steps = watchSteps(checked.scheduler)
  return ledgerManager(memoryLedger(checked.scheduler, steps), { ...checked, steps })
}
