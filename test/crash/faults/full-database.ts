import type { Fault } from './fault.ts'

/** No database may grow by a page: the same SQLITE_FULL, to be had by every user on every system, but while a statement runs. */
export const fullDatabase: Fault = {
  name: 'full database',
  bite: /SQLITE_13\b/,
  begin({ hosts }) {
    for (const host of hosts) host.send('full')
    return () => {
      for (const host of hosts) if (host.isAlive) host.send('room')
    }
  },
}
