import { join } from 'node:path'
import { sqliteManager } from 'nolater/sqlite'
import { NEVER, type Observable, timer } from 'rxjs'
import type { Scenario } from '../scenario.ts'

const STUCK = 10
const KEYS = 5_000

/** Ten actors whose handlers never end, on one manager with thousands whose handlers do: the others must not notice. */
export const stuckHandlers: Scenario = {
  name: 'handlers never end',
  what: 'alarms due at once',
  rate: 2_000,
  open(folder) {
    const manager = sqliteManager({ file: join(folder, 'manager.db'), lease: 1_000 })
    const counts = { delivered: 0, done: 0, expired: 0, written: 0 }
    const deliveries = manager
      .deliveries(({ key }) => (key.startsWith('stuck') ? NEVER : timer(0)), { concurrency: 100 })
      .subscribe(({ kind, key }) => {
        if (kind === 'expired') counts.expired++
        else if (kind === 'delivered' && !key.startsWith('stuck')) counts.delivered++
        else if (kind === 'done') counts.done++
      })
    const write = (key: string, fence: number): void => {
      const info = { key, move: 'earlier' as const, fence, attempt: 1 }
      const write$: Observable<never> = manager.write(key, Date.now(), info)
      write$.subscribe({ complete: () => counts.written++ })
    }
    for (let i = 0; i < STUCK; i++) write(`stuck-${i}`, 1)
    return {
      issue(count, from) {
        for (let n = from; n < from + count; n++) write(`${n % KEYS}`, n + 1)
      },
      result() {
        deliveries.unsubscribe()
        const left = Array.from({ length: KEYS }, (_, i) => manager.get(`${i}`)).filter(
          (time) => time !== null,
        )
        return {
          says: `${counts.done.toLocaleString('en-US')} others done, ${counts.expired} leases of stuck ones ended`,
          fault: left.length === 0 ? null : `${left.length} alarms were never delivered`,
        }
      },
    }
  },
}
