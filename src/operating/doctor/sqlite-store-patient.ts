import type { DatabaseSync } from 'node:sqlite'
import { type Fleet, openFleet } from '../../fleet/open-fleet.ts'
import { ACTORS_VERSION } from '../../sqlite/actors-file.ts'
import { connectToRead } from '../../sqlite/connect-to-read.ts'
import { type SqliteManager, type SqliteStores, sqliteStore, sqliteStores } from '../../sqlite/index.ts'
import { storageError } from '../../sqlite/storage-error.ts'
import { hasTable, STORE_VERSION } from '../../sqlite/store-file.ts'
import { AlarmError } from '../../vocabulary/errors.ts'
import { given } from '../../vocabulary/given.ts'
import type { StoredActor } from './examine-store.ts'
import type { Finding } from './finding.ts'
import type { StorePatient } from './patient.ts'
import { AT_A_TIME, keyOf, type OfKey, rowsOf } from './rows-of.ts'

/**
 * The file of an sqliteStore, or that of sqliteStores; open only while it is read, as there may be thousands. What reads it throws where it
 * is that of something else. `manager` is called for a repair.
 */
export function sqliteStorePatient(file: string, manager: () => SqliteManager): StorePatient {
  let open: StoreFile | null = null
  let opener: Opener | null = null

  function within<T>(use: (store: StoreFile) => T): T {
    if (open !== null) return use(open)
    const store = openStore(file)
    try {
      return use(store)
    } finally {
      store.close()
    }
  }

  return {
    async *pages() {
      open = openStore(file)
      try {
        for (let page = open.page(null); page.length > 0; page = open.page(page.at(-1)!.key)) yield page
      } finally {
        open.close()
        open = null
      }
    },
    read: async (keys) => within((store) => store.read(keys)),
    async open(key) {
      opener ??= within(({ isOne }) => (isOne ? oneOpener(file, manager) : manyOpener(file, manager)))
      await opener.open(key)
    },
    async *damage() {
      const { isEmpty, version, known } = within((store) => store)
      if (isEmpty) yield ofEmpty(file)
      if (version !== known) yield ofVersion(file, version, known)
    },
    close: async () => opener?.close(),
  }
}

/** A file of stores, as it is read. */
interface StoreFile {
  /** it has no tables */
  readonly isEmpty: boolean
  readonly isOne: boolean
  readonly version: number
  readonly known: number
  /** the first, or those that come after a key; none in tables of another version */
  page(after: string | null): StoredActor[]
  read(keys: readonly string[]): StoredActor[]
  close(): void
}

function openStore(file: string): StoreFile {
  const db = connectToRead(file, 'sqliteStore or sqliteStores')
  try {
    if (db.prepare('SELECT 1 FROM sqlite_schema').get() === undefined) return nothingIn(db)
    const isOne = hasTable(db, '_nolater_actor')
    if (!isOne && !hasTable(db, '_nolater_actors')) throw nothingOfOurs(file)
    const [table, version, known] = isOne
      ? (['_nolater_actor', versionOf(db, '_nolater_actor'), STORE_VERSION] as const)
      : (['_nolater_actors', versionOf(db, '_nolater_version'), ACTORS_VERSION] as const)
    const select = `SELECT CAST(key AS BLOB) AS utf8, alarm, max(epoch, raised) AS epoch FROM ${table}`
    const isKnown = version === known
    const first = isKnown ? db.prepare(`${select} ORDER BY key LIMIT ${AT_A_TIME}`) : null
    const page = isKnown ? db.prepare(`${select} WHERE key > ? ORDER BY key LIMIT ${AT_A_TIME}`) : null
    const read = isKnown ? rowsOf<Actor>(db, select) : null
    return {
      isEmpty: false,
      isOne,
      version,
      known,
      page: (after) =>
        (((after === null ? first?.all() : page?.all(after)) ?? []) as unknown as OfKey<Actor>[]).map(
          actorOf,
        ),
      read: (keys) => (read?.(keys) ?? []).map(actorOf),
      close: () => db.close(),
    }
  } catch (error) {
    db.close()
    throw storageError(error, file)
  }
}

function nothingIn(db: DatabaseSync): StoreFile {
  const version = STORE_VERSION
  return {
    isEmpty: true,
    isOne: true,
    version,
    known: version,
    page: () => [],
    read: () => [],
    close: () => db.close(),
  }
}

/** How an actor is opened as its owner would open it. */
interface Opener {
  open(key: string): Promise<void>
  close(): Promise<void>
}

function oneOpener(file: string, opened: () => SqliteManager): Opener {
  return {
    async open(key) {
      const store = sqliteStore({ file, key, manager: opened() })
      await store.alarm.drained()
      await store.close()
    },
    close: async () => {},
  }
}

function manyOpener(file: string, opened: () => SqliteManager): Opener {
  let stores: SqliteStores | null = null
  let fleet: Fleet<string> | null = null
  return {
    async open(key) {
      stores ??= sqliteStores({ file, manager: opened() })
      fleet ??= openFleet(stores)
      await fleet.actor(key).drained()
    },
    async close() {
      await fleet?.close()
      await stores?.close()
    },
  }
}

type Actor = Omit<StoredActor, 'key'>

function actorOf(row: OfKey<Actor>): StoredActor {
  return { key: keyOf(row), alarm: row.alarm, epoch: row.epoch }
}

function versionOf(db: DatabaseSync, table: string): number {
  return (db.prepare(`SELECT version FROM ${table}`).get() as { version: number }).version
}

function ofVersion(file: string, version: number, known: number): Finding {
  const isOlder = version < known
  return {
    code: isOlder ? 'SCHEMA_OLDER' : 'SCHEMA_NEWER',
    severity: 'fault',
    key: null,
    text: `the store ${given(file)} has version ${version} of its tables, this library knows ${known}`,
    advice: isOlder ? 'open it with this version, and examine it again' : 'install a newer nolater',
    repair: null,
  }
}

function ofEmpty(file: string): Finding {
  return {
    code: 'STORE_EMPTY',
    severity: 'notice',
    key: null,
    text: `the store ${given(file)} is empty: what opened it ended before its first transaction`,
    advice:
      'nothing, if it is the right file: an alarm that was acknowledged is in a store that is not empty',
    repair: null,
  }
}

function nothingOfOurs(file: string): AlarmError {
  const message = `The database ${given(file)} is that of no store. Give the file of an sqliteStore, or that of sqliteStores.`
  return new AlarmError('ALARM_STORAGE_INVALID', message, { counted: false })
}
