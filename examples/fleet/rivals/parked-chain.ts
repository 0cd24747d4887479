import type { AlarmTime } from 'nolater'
import { defer, lastValueFrom, retry, timer } from 'rxjs'
import type { Keeper } from '../outside-world.ts'

const isBefore = (a: AlarmTime, b: AlarmTime): boolean => (a ?? Infinity) < (b ?? Infinity)

/**
 * A promise chain, so that one write follows the other: earlier ones before their commit, later ones after it. While a later one is in
 * flight, the next one is parked in a variable. What workerd does since PR #5431 and its successors.
 */
export const parkedChain: Keeper = ({ commit, write, clock, initial }) => {
  const done = { defaultValue: undefined }
  let chain = Promise.resolve()
  let noLaterThan = initial
  let newest = initial
  let isLaterInFlight = false
  let parked: { readonly time: AlarmTime } | null = null

  function tell(time: AlarmTime): Promise<void> {
    noLaterThan = time
    const write$ = defer(() => write(time)).pipe(retry({ delay: () => timer(10, clock) }))
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
    if (time === newest) return
    newest = time
    if (isBefore(time, noLaterThan)) {
      parked = null
      await tell(time)
      if (newest !== time) return // a newer change commits, or has done so
    }
    await lastValueFrom(commit(time), done)
    const isStillWanted = newest === time
    if (isStillWanted && isBefore(noLaterThan, time)) await tellLater(time)
  }

  return (time) => void change(time)
}
