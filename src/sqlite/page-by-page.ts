import type { HeldAlarm } from '../ledger/held-alarm.ts'

/** Reads one page a turn of the event loop: a file of a million alarms holds nothing else up. */
export function pageByPage<Asked>(
  read: (asked: Asked) => HeldAlarm[],
): (asked: Asked) => PromiseLike<readonly HeldAlarm[]> {
  let isFirst = true
  return async (asked) => {
    if (!isFirst) await new Promise((resolve) => setImmediate(resolve))
    isFirst = false
    return read(asked)
  }
}
