import { asyncScheduler, type Observable } from 'rxjs'
import { AlarmFencedError, type AlarmTime, type WriteInfo } from '../../index.ts'
import { bringing, checkNames } from '../../vocabulary/check-names.ts'
import { type Answer, parseAnswers } from './answers.ts'
import { type FakeOptions, type FakeStore, fakeNames, throwIn } from './fake-store.ts'
import { type FakeCall, scripted } from './scripted.ts'

/** What a manager holds for one actor. A removed alarm leaves its fence. */
export interface HeldAlarm {
  readonly time: AlarmTime
  readonly fence: number
}

/** A manager for tests, scripted by marbles. */
export interface FakeManager {
  /** for an `AlarmConfig` */
  write(time: AlarmTime, info: WriteInfo): Observable<never>
  readonly calls: readonly FakeCall<WriteInfo>[]
  heldFor(key?: string): HeldAlarm
  /** what it would deliver now */
  wakeup(key?: string): { readonly scheduledTime: number; readonly fence: number; readonly id: string } | null
  /** a delivery was answered: the alarm goes, if its fence is still the one that was delivered */
  done(wakeup: { readonly fence: number }, key?: string): void
  /** puts an alarm there, bypassing the script; returns the error for a stale fence */
  hold(time: AlarmTime, fence: number, key?: string): AlarmFencedError | null
}

/** What a fake manager answers, and what it is compared with. */
export interface FakeManagerOptions extends FakeOptions {
  /** compared after every step: the manager must never be later than what this store may hold */
  readonly store?: FakeStore
  /** that of the alarm's config, ms: a write that is unsubscribed from then was given up, and another may begin; default none */
  readonly timeout?: number
}

/**
 * A manager whose writes are answered as the marbles say, one after the other; the last answer is for all that follow.
 *
 *     '|'  applied and acknowledged after 1 ms     '(|)'  synchronously
 *     '#'  fails                                   '+.#'  applied, but the caller sees an error
 *     '.'  never answers                           '#~+'  applied after the caller has seen an error
 *
 * Fences are honoured. The test fails (`MARBLES_FAULT`) when two writes of one key are under way at a time, when a started one is
 * unsubscribed from before its `timeout` and another begins, and when the manager is later than what `store` may hold, from the first moment at which it is not.
 *
 * ```ts
 * const store = fakeStore('(|)')
 * const manager = fakeManager('(|) .#', { store })      // the first write succeeds at once, those after it fail after 2 ms
 * const alarm = openAlarm({ reconcile: false, commit: store.commit, write: manager.write })
 * alarm.set(60_000)
 * const wakeup = manager.wakeup()!                       // what it would deliver now
 * alarm.deliver(wakeup, () => work()).subscribe({ complete: () => manager.done(wakeup) })
 * ```
 */
export function fakeManager(
  script: string | readonly Answer[],
  options: FakeManagerOptions = {},
): FakeManager {
  checkNames('fakeManager', options, { ...fakeNames, store: true, timeout: true })
  return watchedManager(script, options, () => {})
}

/** Likewise; `holds` is called with what it holds, whenever that changes. */
export function watchedManager(
  script: string | readonly Answer[],
  options: FakeManagerOptions,
  holds: (time: AlarmTime) => void,
): FakeManager {
  const { alarm = null, scheduler = asyncScheduler, fault = throwIn(scheduler), store, timeout } = options
  const held = new Map<string, HeldAlarm>()
  const setBy = new Map<string, number>() // the write that set the alarm: once more (`same`) it is no other one
  const startsInOrder = store === undefined || !isLater(alarm, store.alarmOf())
  const inOrder = new Map<string, boolean>()
  const heldFor = (key = ''): HeldAlarm => held.get(key) ?? { time: alarm, fence: 0 }

  const compare = (key: string): void => {
    const { time } = heldFor(key)
    const early = store?.mayHold(key).find((stored) => isLater(time, stored))
    const was = inOrder.get(key) ?? startsInOrder
    inOrder.set(key, early === undefined)
    if (was && early !== undefined)
      fault(
        `The manager holds ${time ?? 'none'} while the store may hold ${early}: the alarm would be late or lost`,
      )
  }
  store?.watch(compare)

  const hold = (
    time: AlarmTime,
    fence: number,
    key = '',
    move?: WriteInfo['move'],
  ): AlarmFencedError | null => {
    const { time: before, fence: least } = heldFor(key)
    if (fence < least) return new AlarmFencedError(key, fence, least)
    if (move !== 'same' || time !== before) setBy.set(key, fence)
    held.set(key, { time, fence })
    holds(time)
    compare(key)
    return null
  }

  const { calls, call } = scripted<WriteInfo>({
    name: 'write',
    answers: typeof script === 'string' ? parseAnswers('write', script) : script,
    afterwards: typeof script === 'string' ? 'repeat' : 'hang',
    scheduler,
    fault,
    changed: ({ info }) => compare(info.key),
    overlaps: (earlier, later) =>
      earlier.info.key === later.info.key &&
      // Fences that follow each other come from one incarnation, which may not cancel what it has started.
      (earlier.outcome === 'pending' ||
        (earlier.outcome === 'unsubscribed' &&
          later.info.fence === earlier.info.fence + 1 &&
          earlier.marks.at(-1)!.at - earlier.at !== timeout)),
    land: ({ time, info }) => hold(time, info.fence, info.key, info.move),
  })

  return {
    ...bringing('calls', 'heldFor', 'wakeup', 'done'),
    write: call,
    calls,
    heldFor,
    wakeup(key = '') {
      const { time, fence } = heldFor(key)
      return time === null ? null : { scheduledTime: time, fence, id: `${setBy.get(key) ?? 0}-${time}` }
    },
    done({ fence }, key = '') {
      const { time, fence: standing } = heldFor(key)
      if (time !== null && fence === standing) hold(null, standing, key)
    },
    hold: (time, fence, key) => hold(time, fence, key),
  }
}

const isLater = (time: AlarmTime, than: AlarmTime): boolean => than !== null && (time === null || time > than)
