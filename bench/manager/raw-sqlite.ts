import { join } from 'node:path'
import { openDurable } from '../open-durable.ts'
import { actorOf, type Contender, type Fired, keyOf, type Open } from './contender.ts'

const LEASE = 30_000 // ms
const LONGEST_TIMER = 2 ** 31 - 1

export const raw: Open = (directory, fired) => open(directory, fired, 100)
export const rawWide: Open = (directory, fired) => open(directory, fired, 1_000)

/**
 * The limit: one table, prepared statements and a timer. A transaction removes the alarms of the round before and leases those of the next one;
 * there is no fence, no retry, no second process, no event, and a handler that fails is not noticed.
 */
async function open(directory: string, fired: Fired | null, atOnce: number): Promise<Contender> {
  const database = openDurable(join(directory, 'alarms.db'))
  database.exec(
    'CREATE TABLE IF NOT EXISTS alarm (key TEXT PRIMARY KEY, time INTEGER, due INTEGER) WITHOUT ROWID',
  )
  database.exec('CREATE INDEX IF NOT EXISTS alarm_due ON alarm (due)')
  const put = database.prepare(
    'INSERT INTO alarm VALUES (?1, ?2, ?2) ON CONFLICT DO UPDATE SET time = ?2, due = ?2',
  )
  const take = database.prepare(
    'UPDATE alarm SET due = ? WHERE key IN (SELECT key FROM alarm WHERE due <= ? ORDER BY due LIMIT ?) RETURNING key',
  )
  const remove = database.prepare('DELETE FROM alarm WHERE key = ?')
  const next = database.prepare('SELECT min(due) AS due FROM alarm')
  let cancel = (): void => {}

  function together(work: () => void): void {
    database.exec('BEGIN IMMEDIATE')
    work()
    database.exec('COMMIT')
  }

  let answered: string[] = []
  function round(): void {
    const now = Date.now()
    let keys: string[] = []
    together(() => {
      for (const key of answered) remove.run(key)
      keys = take.all(now + LEASE, now, atOnce).map(({ key }) => key as string)
    })
    for (const key of keys) fired!(actorOf(key), Date.now())
    answered = keys
    wake()
  }

  function wake(): void {
    if (fired === null) return
    cancel()
    if (answered.length > 0) {
      const immediate = setImmediate(round)
      cancel = () => clearImmediate(immediate)
      return
    }
    const due = next.get()!.due as number | null
    if (due === null) return
    const timer = setTimeout(round, Math.min(Math.max(0, due - Date.now()), LONGEST_TIMER))
    cancel = () => clearTimeout(timer)
  }

  wake()
  return {
    async set(first, times) {
      together(() => {
        for (const [i, time] of times.entries()) put.run(keyOf(first + i), time)
      })
      wake()
    },
    async close() {
      cancel()
      database.close()
    },
  }
}
