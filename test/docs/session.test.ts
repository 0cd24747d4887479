import { type AlarmConfig, openAlarm, type Wakeup } from 'nolater'
import 'nolater/vitest'
import { EMPTY } from 'rxjs'
import { expect, test } from 'vitest'

/** A session that ends half a minute after its last use. */
function openSession(config: AlarmConfig) {
  const alarm = openAlarm(config)
  return {
    alarm,
    use: () => alarm.setIn(30_000),
    deliver: (wakeup: Wakeup) => alarm.deliver(wakeup, () => EMPTY), // what ends a session comes here
  }
}

test('a session lasts as long as it is used, and ends though its process has died', () => {
  expect(openSession).toMatchMarbles(`
    where    u = use, a = 30 s, b = 40 s
    column   5 s

    life     ^----!-^------    the process dies, and opens what its store holds
    ask      u-u-----------
    commit   -a|-----x|----
               b|
    write    a|-b|---------    later news waits for the commit
    wake     --------b|----    40 s have passed: its own handler runs
  `)
})
