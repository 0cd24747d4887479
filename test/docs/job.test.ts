import { openAlarm, type Wakeup } from 'nolater'
import 'nolater/vitest'
import type { ConfigUnderTest } from 'nolater/vitest'
import { catchError, concat, defer, EMPTY, type Observable, throwError } from 'rxjs'
import { expect, test } from 'vitest'

/** A job that is tried again after 3 s, 6 s, 9 s and so on: its count must be as durable as its alarm. */
function openJob(config: ConfigUnderTest, run: () => Observable<unknown>) {
  const { store } = config
  let tries = Number(store.get('tries') ?? 0)
  const alarm = openAlarm({
    ...config,
    commit(time, info) {
      const counted = tries
      const count = defer(() => {
        store.set('tries', counted)
        return EMPTY
      })
      return concat(config.commit(time, info), count)
    },
  })
  const again = () => {
    tries++
    alarm.setIn(3_000 * tries)
    return EMPTY
  }
  return {
    alarm,
    start: () => again(),
    deliver: (wakeup: Wakeup) => alarm.deliver(wakeup, () => run().pipe(catchError(again))),
  }
}

test('a job knows after a crash how often it was tried', () => {
  const run = () => throwError(() => new Error('the service is down'))
  expect((config: ConfigUnderTest) => openJob(config, run)).toMatchMarbles(`
    where    s = start, a = 18
    column   1 s

    life     ^-----!^-----
    ask      s------------
    wake     ---3.|---9.|-
    commit   -3|9|----a|--    18 is 9 s after 9: the third try
    write    3|--9|----a|-
  `)
})
