import { memoryManager } from 'nolater'
import { virtualClock } from 'nolater/marbles'
import { sqliteStore } from 'nolater/sqlite'
import { of } from 'rxjs'
import { expect, test } from 'vitest'
import { openCart } from '../../examples/guides/cart.ts'

test('a cart that is left alone is mailed and emptied after half an hour', async () => {
  const clock = virtualClock()
  const manager = memoryManager({ scheduler: clock })
  const store = sqliteStore({ file: ':memory:', key: '42', manager, scheduler: clock })
  const mails: string[][] = []
  const cart = openCart(store, 1_800_000, (items) => of(mails.push(items)))
  const deliveries = manager.deliveries(cart.deliver).subscribe()

  const answers: string[] = []
  cart.add('tea').subscribe((answer) => answers.push(answer))
  expect(answers).toEqual(['tea is in your cart'])

  await clock.advanceAsync(1_799_999)
  expect([cart.items(), mails]).toEqual([['tea'], []])
  await clock.advanceAsync(1)
  expect([cart.items(), mails]).toEqual([[], [['tea']]])
  expect([store.alarm.time, manager.get('42')]).toEqual([null, null])

  deliveries.unsubscribe()
  store.close()
})
