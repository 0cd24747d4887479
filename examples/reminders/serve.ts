import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { of } from 'rxjs'
import { reminderServer } from './http.ts'
import type { Outlet } from './person.ts'
import type { Reminders } from './reminders.ts'

/** A line of JSON for each reminder that is due. */
export const print: Outlet = {
  send: (who, { name, text }) => of(console.log(JSON.stringify({ who, name, text }))),
  giveUp: (who, { name }) => of(console.error(`${name} could not be sent to ${who}`)),
}

/** Serves them on 127.0.0.1 only, and prints where, until the input of this process ends, as with Ctrl-D. */
export async function serve(reminders: Reminders, port = '0'): Promise<void> {
  const deliveries = reminders.deliveries$.subscribe()
  const server = reminderServer(reminders).listen(Number(port), '127.0.0.1')
  await once(server, 'listening')
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  await once(process.stdin.resume(), 'end')
  server.close()
  server.closeAllConnections()
  deliveries.unsubscribe()
  await reminders.close()
}
