import 'nolater/vitest'
import { expect, test } from 'vitest'
import { openCart } from './cart.ts'

test('a cart is to be cleared after five seconds, until it is paid', () => {
  expect(openCart).toMatchMarbles(`
    where    t = touch, p = pay
    ask      t----p-----
    commit   -5|--x|----    5 only once the manager has it
    write    5|----x|---    deleted only after the store has deleted it
  `)
})
