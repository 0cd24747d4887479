import { AsyncLocalStorage } from 'node:async_hooks'
import type { SchedulerLike } from 'rxjs'
import { currentRun } from '../../fleet/handler-run.ts'
import { oneTimer } from '../../ledger/one-timer.ts'
import { currentContext, outside } from '../../operators/async-context.ts'
import { elapsedOf } from '../../vocabulary/elapsed.ts'
import type { AlarmError } from '../../vocabulary/errors.ts'
import type { Change, ChangeWork } from './change.ts'
import { deliveryOver, nestedChange, notBegun } from './fleet-errors.ts'

/** The changes that were asked for, in their order. */
export interface ChangeLine {
  change(key: string, work: ChangeWork): Promise<unknown>
  /** Takes none from here on but of handlers at work; those that were asked for go on. */
  refuse(error: AlarmError): void
  /** Resolves when none is left. */
  idle(): Promise<void>
}

/** Does the changes of a group together; resolves with those that are to come once more. */
export type Perform = (group: readonly Change[]) => Promise<readonly Change[]>

/** Whether it is the function of a change that asks. */
export interface Inside {
  isOpen: boolean
}

export const insideOfChange = new AsyncLocalStorage<Inside>()

const MOST = 100 // changes of a transaction

/** Hands changes out in groups, one at a time: what is asked for meanwhile is the next. What comes again goes alone, so that it fails alone. */
export function changeLine(
  perform: Perform,
  {
    isOfHandler,
    scheduler,
    timeout,
  }: {
    /** a handler asks for it, or one of its actor is at work */
    readonly isOfHandler: (key: string) => boolean
    readonly scheduler: SchedulerLike
    /** ms until it must have begun */
    readonly timeout: number
  },
): ChangeLine {
  const elapsed = elapsedOf(scheduler)
  const patience = oneTimer(scheduler, elapsed, expire)
  let waiting: Change[] = []
  let isBusy = false
  const whenIdle: (() => void)[] = []
  let closed: AlarmError | null = null

  function change(key: string, work: ChangeWork): Promise<unknown> {
    if (insideOfChange.getStore()?.isOpen === true) return Promise.reject(nestedChange())
    const run = currentRun()
    if (run?.closed === true) return Promise.reject(deliveryOver(key))
    if (closed !== null && !isOfHandler(key)) return Promise.reject(closed)
    return new Promise((resolve, reject) => {
      let answer = (): void => {}
      const asked: Change = {
        key,
        work,
        context: currentContext(),
        askedAt: elapsed(),
        resolve(result) {
          asked.isOver = true
          answer = () => resolve(result)
        },
        reject(error) {
          asked.isOver = true
          answer = () => reject(error)
        },
        answer: () => answer(),
        alarm: undefined,
        result: undefined,
        cut: undefined,
        isOver: false,
        tries: 0,
      }
      run?.add(() => {
        asked.cut ??= deliveryOver(key)
      })
      waiting.push(asked)
      if (waiting.length === 1) watch()
      if (isBusy) return
      isBusy = true
      outside.runInAsyncScope(() => setImmediate(pump))
    })
  }

  /** A turn of the event loop for each: changes that are asked for as soon as others are done must not keep all else from its turn. */
  async function pump(): Promise<void> {
    const group = take()
    watch()
    const again = group.length === 0 ? [] : await perform(group)
    for (const each of group) each.answer()
    for (const each of again) each.alarm = undefined
    waiting.unshift(...again)
    watch()
    if (waiting.length > 0) {
      setImmediate(pump)
      return
    }
    isBusy = false
    for (const resolve of whenIdle.splice(0)) resolve()
  }

  /** Each key once: what an actor is asked for next comes after it. */
  function take(): Change[] {
    const keys = new Set<string>()
    const group: Change[] = []
    waiting = waiting.filter((each) => {
      const isFull = group.length === MOST || (group.length > 0 && (each.tries > 0 || group[0]!.tries > 0))
      const stays = isFull || keys.has(each.key)
      keys.add(each.key)
      if (!stays) group.push(each)
      return stays
    })
    return group
  }

  function watch(): void {
    patience.set(
      waiting.length === 0
        ? null
        : Math.min(...waiting.slice(0, MOST).map(({ askedAt }) => askedAt)) + timeout,
    )
  }

  /** Nothing waits without a limit. */
  function expire(): void {
    const isLate = ({ askedAt }: Change): boolean => askedAt + timeout <= elapsed()
    const late = waiting.filter(isLate)
    waiting = waiting.filter((each) => !isLate(each))
    for (const each of late) {
      each.reject(notBegun(each.key, timeout))
      each.answer()
    }
    watch()
  }

  return {
    change,
    refuse(error) {
      closed = error
    },
    idle: () => (isBusy ? new Promise((resolve) => whenIdle.push(resolve)) : Promise.resolve()),
  }
}
