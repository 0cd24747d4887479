import type { SchedulerLike } from 'rxjs'
import type { ShardWork } from '../fleet/shard-work.ts'
import { oneTimer } from '../ledger/one-timer.ts'
import { currentContext, outside } from '../operators/async-context.ts'
import { elapsedOf } from '../vocabulary/elapsed.ts'
import type { AlarmError } from '../vocabulary/errors.ts'
import type { Change } from './change.ts'
import { deliveryOver, nestedChange, notBegun } from './change-errors.ts'
import { currentRun } from './handler-run.ts'
import { isInsideOfChange } from './inside-of-change.ts'

/** The changes of the actors that are owned here. */
export interface Changes<Work> {
  change(key: string, work: Work): Promise<unknown>
  /** Takes none from here on but of handlers at work; those that were asked for go on. */
  refuse(error: AlarmError): void
}

/** Does the changes of a group together; resolves with those that are to come once more. */
export type Perform<Work> = (group: readonly Change<Work>[]) => Promise<readonly Change<Work>[]>

const MOST = 100 // changes of a group

/** Hands the changes of one turn of the event loop out in groups. Two of one key are never under way at once, and begin in their order. */
export function changesInGroups<Work>(
  perform: Perform<Work>,
  {
    most,
    shardOfKey,
    isOfHandler,
    work: underWay,
    scheduler,
    timeout,
  }: {
    /** groups under way at once */
    readonly most: number
    readonly shardOfKey: (key: string) => number
    /** a handler asks for it, or one of its actor is at work */
    readonly isOfHandler: (key: string) => boolean
    readonly work: ShardWork
    readonly scheduler: SchedulerLike
    /** ms until it must have begun */
    readonly timeout: number
  },
): Changes<Work> {
  const mostAlone = Math.max(most - 1, 1) // of one that was held up: what holds up these, too, leaves a group for all others
  const elapsed = elapsedOf(scheduler)
  const patience = oneTimer(scheduler, elapsed, expire)
  const busy = new Set<string>()
  let waiting: Change<Work>[] = []
  let groups = 0
  let alone = 0
  let isPumping = false
  let closed: AlarmError | null = null

  function change(key: string, work: Work): Promise<unknown> {
    if (isInsideOfChange()) return Promise.reject(nestedChange())
    const run = currentRun()
    if (run?.closed === true) return Promise.reject(deliveryOver(key))
    if (closed !== null && !isOfHandler(key)) return Promise.reject(closed)
    return new Promise((resolve, reject) => {
      const shard = shardOfKey(key)
      const end = underWay.begin(shard)
      const asked: Change<Work> = {
        key,
        shard,
        work,
        context: currentContext(),
        waitsSince: elapsed(),
        resolve(result) {
          asked.isOver = true
          end()
          resolve(result)
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
        asked.cut ??= deliveryOver(key)
      })
      waiting.push(asked)
      if (waiting.length === 1) watch()
      if (isPumping) return
      isPumping = true
      outside.runInAsyncScope(() => setImmediate(pump))
    })
  }

  /** Begins as many transactions as there may be. */
  function pump(): void {
    isPumping = false
    while (groups < most) {
      const group = take()
      if (group.length === 0) break
      begin(group)
    }
    watch()
  }

  /** The next ones that go together. */
  function take(): Change<Work>[] {
    const keys = new Set(busy)
    const group: Change<Work>[] = []
    let isFull = false
    waiting = waiting.filter((each) => {
      const mayJoin = !each.isAlone || (group.length === 0 && alone < mostAlone)
      const stays = isFull || !mayJoin || keys.has(each.key)
      keys.add(each.key) // its place is before that of what was asked after it
      if (stays) return true
      group.push(each)
      isFull = each.isAlone || group.length === MOST
      return false
    })
    return group
  }

  function begin(group: readonly Change<Work>[]): void {
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
