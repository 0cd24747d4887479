import { AsyncLocalStorage } from 'node:async_hooks'
import type { SchedulerLike } from 'rxjs'
import { oneTimer } from '../../ledger/one-timer.ts'
import { elapsedOf } from '../../vocabulary/elapsed.ts'
import type { AlarmError } from '../../vocabulary/errors.ts'
import { currentRun } from '../handler-run.ts'
import { deliveryOver } from '../turn-errors.ts'
import type { Change, ChangeWork } from './change.ts'
import { nestedChange, notBegun } from './fleet-errors.ts'
import type { ShardWork } from './shard-work.ts'

/** The changes of the actors that are owned here. */
export interface Changes {
  change<T>(key: string, work: ChangeWork<T>): Promise<T>
  /** Takes none from here on but of handlers at work; those that were asked for go on. */
  refuse(error: AlarmError): void
}

/** Does the changes of a group together; resolves with those that are to come once more. */
export type Perform = (group: readonly Change[]) => Promise<readonly Change[]>

/** Whether it is the function of a change that asks. */
export interface Inside {
  isOpen: boolean
}

export const insideOfChange = new AsyncLocalStorage<Inside>()

const GROUPS = 4 // transactions at a time
const ALONE = 3 // at most of those with one change that was held up: what holds up these, too, leaves one for all others
const MOST = 100 // changes of one

/** Hands the changes of one turn of the event loop out in groups. Two of one key are never under way at once, and begin in their order. */
export function changesInGroups(
  perform: Perform,
  {
    shardOfKey,
    isOfHandler,
    work: underWay,
    scheduler,
    timeout,
  }: {
    readonly shardOfKey: (key: string) => number
    /** a handler asks for it, or one of its actor is at work */
    readonly isOfHandler: (key: string) => boolean
    readonly work: ShardWork
    readonly scheduler: SchedulerLike
    /** ms until it must have begun */
    readonly timeout: number
  },
): Changes {
  const elapsed = elapsedOf(scheduler)
  const patience = oneTimer(scheduler, elapsed, expire)
  const busy = new Set<string>()
  let waiting: Change[] = []
  let groups = 0
  let alone = 0
  let isPumping = false
  let closed: AlarmError | null = null

  function change<T>(key: string, work: ChangeWork<T>): Promise<T> {
    if (insideOfChange.getStore()?.isOpen === true) return Promise.reject(nestedChange())
    const run = currentRun()
    if (run?.closed === true) return Promise.reject(deliveryOver())
    if (closed !== null && !isOfHandler(key)) return Promise.reject(closed)
    return new Promise<T>((resolve, reject) => {
      const shard = shardOfKey(key)
      const end = underWay.begin(shard)
      const asked: Change = {
        key,
        shard,
        work,
        run,
        waitsSince: elapsed(),
        resolve(result) {
          asked.isOver = true
          end()
          resolve(result as T)
        },
        reject(error) {
          asked.isOver = true
          end()
          reject(error)
        },
        alarm: undefined,
        result: undefined,
        cut: undefined,
        isOver: false,
        isAlone: false,
        tries: 0,
      }
      run?.add(() => {
        asked.cut ??= deliveryOver()
      })
      waiting.push(asked)
      if (waiting.length === 1) watch()
      if (isPumping) return
      isPumping = true
      setImmediate(pump)
    })
  }

  /** Begins as many transactions as there may be. */
  function pump(): void {
    isPumping = false
    while (groups < GROUPS) {
      const group = take()
      if (group.length === 0) break
      begin(group)
    }
    watch()
  }

  /** The next ones that go together. */
  function take(): Change[] {
    const keys = new Set(busy)
    const group: Change[] = []
    let isFull = false
    waiting = waiting.filter((each) => {
      const mayJoin = !each.isAlone || (group.length === 0 && alone < ALONE)
      const stays = isFull || !mayJoin || keys.has(each.key)
      keys.add(each.key) // its place is before that of what was asked after it
      if (stays) return true
      group.push(each)
      isFull = each.isAlone || group.length === MOST
      return false
    })
    return group
  }

  function begin(group: readonly Change[]): void {
    const isAlone = group[0]?.isAlone === true
    groups++
    if (isAlone) alone++
    for (const { key } of group) busy.add(key)
    void perform(group).then((again) => {
      groups--
      if (isAlone) alone--
      for (const { key } of group) busy.delete(key)
      for (const each of again) {
        each.alarm = undefined
        if (each.isAlone && !isAlone) each.waitsSince = elapsed() // it has waited for another one's sake
      }
      waiting.unshift(...again)
      pump()
    })
  }

  function watch(): void {
    patience.set(waiting.length === 0 ? null : oldest() + timeout)
  }

  const oldest = (): number =>
    waiting.reduce((least, { waitsSince }) => Math.min(least, waitsSince), Infinity)

  /** Nothing waits without a limit. */
  function expire(): void {
    const isLate = ({ waitsSince }: Change): boolean => waitsSince + timeout <= elapsed()
    const late = waiting.filter(isLate)
    waiting = waiting.filter((each) => !isLate(each))
    for (const each of late) each.reject(notBegun(each.key, timeout))
    watch()
  }

  return {
    change,
    refuse(error) {
      closed = error
    },
  }
}
