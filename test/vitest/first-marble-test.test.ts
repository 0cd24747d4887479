import { type AlarmConfig, openAlarm } from 'nolater'
import 'nolater/vitest'
import { expect, test } from 'vitest'

// Your actor. Its store, its manager and its clock come with the config: here they are the diagram's.
function openCart(config: AlarmConfig) {
  const alarm = openAlarm(config)
  return {
    alarm,
    touch: () => alarm.setIn(5_000),
    pay: () => alarm.delete(),
  }
}

test('a cart is to be cleared after five seconds, until it is paid', () => {
  expect(openCart).toMatchMarbles(`
    where    t = touch, p = pay
    ask      t----p-----
    commit   -5|--x|----    5 only once the manager has it
    write    5|----x|---    deleted only after the store has deleted it
  `)
})
