import { virtualClock } from 'nolater/marbles'
import { it } from 'vitest'
import { expectHandlersInContext } from '../operators/handlers-in-context.ts'
import { newManager } from './files.ts'

it('handlers of sqliteManager run in the context in which deliveries was subscribed', async () => {
  const clock = virtualClock(1)
  await expectHandlersInContext(newManager({ scheduler: clock }), clock)
})
