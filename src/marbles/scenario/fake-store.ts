import { asyncScheduler, type Observable, type SchedulerLike } from 'rxjs'
import type { AlarmTime, CommitInfo } from '../../index.ts'
import { bringing, checkNames, type Names } from '../../vocabulary/check-names.ts'
import { type Answer, parseAnswers } from './answers.ts'
import { MarblesError } from './marbles-error.ts'
import { type FakeCall, scripted } from './scripted.ts'

/** The options of both fakes. */
export interface FakeOptions {
  /** what is held at first, for every key; default none */
  readonly alarm?: AlarmTime
  /** default asyncScheduler, which TestScheduler makes virtual within `run` */
  readonly scheduler?: SchedulerLike
  /** called with what must never happen; by default it is thrown from the scheduler, where nothing can catch it and the test fails */
  readonly fault?: (message: string) => void
}

/** A store for tests, scripted by marbles. */
export interface FakeStore {
  /** for an `AlarmConfig` */
  commit(time: AlarmTime, info: CommitInfo): Observable<never>
  readonly calls: readonly FakeCall<CommitInfo>[]
  /** what is durable */
  alarmOf(key?: string): AlarmTime
  /** what is durable, and what may become so without another call */
  mayHold(key?: string): AlarmTime[]
  /** raises the epoch, as an actor's store does at each opening; commits of an earlier one are refused from here on */
  open(key?: string): number
  /** puts an alarm there, bypassing the script */
  hold(time: AlarmTime, key?: string): void
  /** `changed` is called with the key whenever the store may hold something else */
  watch(changed: (key: string) => void): void
}

export const fakeNames: Names<FakeOptions> = { alarm: true, scheduler: true, fault: true }

/**
 * A store whose commits are answered as the marbles say, one after the other; the last answer is for all that follow.
 *
 *     '|'  durable after 1 ms     '..|'  after 3 ms       '(|)'  synchronously
 *     '#'  fails                  '+.#'  durable, but the caller sees an error
 *     '.'  never answers          '#~+'  durable after the caller has seen an error
 *
 * Two commits of one key at a time fail the test (`MARBLES_FAULT`). Throws `MARBLES_INVALID` for a script that cannot be read.
 *
 * ```ts
 * const store = fakeStore('.| .#')                       // the first commit takes 2 ms, those after it fail
 * const manager = fakeManager('|', { store })
 * const alarm = openAlarm({ commit: store.commit, write: manager.write })
 * ```
 */
export function fakeStore(script: string | readonly Answer[], options: FakeOptions = {}): FakeStore {
  checkNames('fakeStore', options, fakeNames)
  const { alarm = null, scheduler = asyncScheduler, fault = throwIn(scheduler) } = options
  const held = new Map<string, AlarmTime>()
  const epochs = new Map<string, number>()
  const watchers: ((key: string) => void)[] = []
  const changed = (key: string): void => {
    for (const watcher of watchers) watcher(key)
  }
  const alarmOf = (key = ''): AlarmTime => held.get(key) ?? (held.has(key) ? null : alarm)
  const epochOf = (key: string): number => epochs.get(key) ?? 0
  const hold = (time: AlarmTime, key = ''): void => {
    held.set(key, time)
    changed(key)
  }

  const { calls, call, onTheWay } = scripted<CommitInfo>({
    name: 'commit',
    answers: typeof script === 'string' ? parseAnswers('commit', script) : script,
    afterwards: typeof script === 'string' ? 'repeat' : 'hang',
    scheduler,
    fault,
    changed: ({ info }) => changed(info.key),
    overlaps: (earlier, later) => earlier.outcome === 'pending' && earlier.info.key === later.info.key,
    land({ time, info }) {
      if (info.epoch < epochOf(info.key))
        return new Error(`Epoch ${info.epoch} is over: the actor was opened again`)
      hold(time, info.key)
      return null
    },
  })

  return {
    ...bringing('calls', 'alarmOf', 'mayHold', 'open', 'hold', 'watch'),
    commit: call,
    calls,
    alarmOf,
    mayHold(key = '') {
      const coming = onTheWay().filter(({ info }) => info.key === key && info.epoch >= epochOf(key))
      return [alarmOf(key), ...coming.map(({ time }) => time)]
    },
    open(key = '') {
      epochs.set(key, epochs.has(key) ? epochOf(key) + 1 : 0)
      return epochOf(key)
    },
    hold,
    watch(watcher) {
      watchers.push(watcher)
    },
  }
}

/** The library may well catch what its user's functions throw; nothing catches what is thrown from the scheduler. */
export function throwIn(scheduler: SchedulerLike): (message: string) => void {
  return (message) => {
    scheduler.schedule(() => {
      throw new MarblesError('MARBLES_FAULT', message)
    })
  }
}
