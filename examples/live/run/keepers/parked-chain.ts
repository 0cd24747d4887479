import type { AlarmTime } from 'nolater'
import { BehaviorSubject, defer, filter, lastValueFrom, retry, take, timer } from 'rxjs'
import { isBefore, type OpenRival, REST } from './rival.ts'

/**
 * A promise chain, so that one write follows the other: an earlier alarm is told to the manager before it is committed, a later one
 * after. While a later one is in flight the next one is parked in a variable, and told when its turn comes, whatever has happened since.
 */
export const parkedChain: OpenRival = ({ clock, initial, commit, write }) => {
  const busy$ = new BehaviorSubject(0)
  const done = { defaultValue: undefined }
  let chain = Promise.resolve()
  let noLaterThan = initial
  let wanted = initial
  let isLaterInFlight = false
  let parked: { readonly time: AlarmTime } | null = null

  function tell(time: AlarmTime): Promise<void> {
    noLaterThan = time
    const write$ = defer(() => write(time)).pipe(retry({ delay: () => timer(REST, clock) }))
    chain = chain.then(() => lastValueFrom(write$, done))
    return chain
  }

  async function tellLater(time: AlarmTime): Promise<void> {
    if (isLaterInFlight) {
      parked = { time }
      return
    }
    isLaterInFlight = true
    await tell(time)
    isLaterInFlight = false
    const next = parked
    parked = null
    if (next !== null) await tellLater(next.time)
  }

  async function change(time: AlarmTime): Promise<void> {
    wanted = time
    if (isBefore(time, noLaterThan)) {
      parked = null
      await tell(time)
      if (wanted !== time) return // a newer change commits, or has done so
    }
    await lastValueFrom(commit(time), done)
    if (wanted === time && isBefore(noLaterThan, time)) await tellLater(time)
  }

  async function count(work: Promise<void>): Promise<void> {
    busy$.next(busy$.value + 1)
    await work
    busy$.next(busy$.value - 1)
  }

  return {
    get wanted() {
      return wanted
    },
    ask(time) {
      if (time !== wanted) void count(change(time))
    },
    again: () => void count(tell(wanted)),
    idle: () =>
      busy$.pipe(
        filter((busy) => busy === 0),
        take(1),
      ),
  }
}
