import { join } from 'node:path'
import { openDurable } from '../open-durable.ts'
import type { Contender } from './contender.ts'

/**
 * The limit: a file of actors, a file of alarms, and prepared statements. One transaction of each makes a set of all actors durable, the
 * manager's first where the alarm moves earlier; nothing is fenced, queued or observed.
 */
export async function rawDatabases(directory: string): Promise<Contender> {
  const actors = openFile(join(directory, 'actors.db'))
  const alarms = openFile(join(directory, 'alarms.db'), 'CREATE INDEX alarm_time ON alarm (time)') // to find what is due
  let held = Number.POSITIVE_INFINITY // the same for all: they are set together

  return {
    async set(count, times) {
      const keys = Array.from({ length: count }, (_, i) => `actor-${i}`)
      for (const time of times) {
        const isEarlier = time < held
        if (isEarlier) alarms.putAll(keys, time)
        actors.putAll(keys, time)
        if (!isEarlier) alarms.putAll(keys, time)
        held = time
      }
      return keys.map((key) => (actors.get(key) === alarms.get(key) ? actors.get(key) : null))
    },
    async close() {
      actors.close()
      alarms.close()
    },
  }
}

function openFile(file: string, index = '') {
  const database = openDurable(file)
  database.exec('CREATE TABLE alarm (key TEXT PRIMARY KEY, time INTEGER) WITHOUT ROWID')
  database.exec(index)
  const put = database.prepare('INSERT INTO alarm VALUES (?1, ?2) ON CONFLICT DO UPDATE SET time = ?2')
  const get = database.prepare('SELECT time FROM alarm WHERE key = ?')
  return {
    putAll(keys: readonly string[], time: number): void {
      database.exec('BEGIN IMMEDIATE')
      for (const key of keys) put.run(key, time)
      database.exec('COMMIT')
    },
    get: (key: string): number | null => (get.get(key)?.time as number | undefined) ?? null,
    close: () => database.close(),
  }
}
