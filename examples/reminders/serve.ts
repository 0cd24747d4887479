import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { of } from 'rxjs'
import { askedToEnd, endInOrder } from '../guides/end-in-order.ts'
import { reminderServer } from './http.ts'
import type { Outlet } from './person.ts'
import type { Reminders } from './reminders.ts'

/** A line of JSON for each reminder that is due. */
export const print: Outlet = {
  send: (who, { name, text }) => of(console.log(JSON.stringify({ who, name, text }))),
  giveUp: (who, { name }) => of(console.error(`${name} could not be sent to ${who}`)),
}

/** Serves them on 127.0.0.1 only, and prints where, until SIGTERM, Ctrl-C, or the end of the input; then closes them, and takes the `last` steps. */
export async function serve(
  reminders: Reminders,
  port = '0',
  ...last: readonly (() => unknown)[]
): Promise<void> {
  const deliveries = reminders.deliveries$.subscribe()
  const server = reminderServer(reminders).listen(Number(port), '127.0.0.1')
  await once(server, 'listening')
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  await Promise.race([askedToEnd(), once(process.stdin.resume(), 'end')])
  process.stdin.destroy()
  await endInOrder([
    () => server.close(),
    () => server.closeAllConnections(),
    () => deliveries.unsubscribe(),
    () => reminders.close(),
    ...last,
  ])
}
