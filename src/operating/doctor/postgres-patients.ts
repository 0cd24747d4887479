import { RESCHEDULED } from '../../ledger/held-alarm.ts'
import { fromText, idOf } from '../../postgres/alarm-key.ts'
import { type Database, openDatabase } from '../../postgres/database.ts'
import { postgresManager, postgresStore } from '../../postgres/index.ts'
import { CLOCK } from '../../postgres/statements.ts'
import { AlarmError } from '../../vocabulary/errors.ts'
import type { HeldCopy, StoredActor } from './examine-store.ts'
import type { Finding } from './finding.ts'
import type { ManagerPatient, StorePatient } from './patient.ts'
import { type Rescheduled, rescheduled } from './rescheduled.ts'
import { unreadable, unreadableRows } from './unreadable-row.ts'

const AT_A_TIME = 500
const SCARCE = 0.8 // of the connections that there are
const APART = 1_000 // ms that two clocks may differ by
const ASKED = `id = ANY (ARRAY(SELECT decode(id, 'hex') FROM unnest($1::text[]) AS asked (id)))`

/** A schema of a postgresManager, and the stores in it. Throws where there is none. */
export async function postgresPatients(
  connectionString: string,
  schema: string | undefined,
): Promise<{ readonly manager: ManagerPatient; readonly stores: readonly StorePatient[] }> {
  const way = { connectionString, migrate: false, ...(schema !== undefined && { schema }) }
  const db = openDatabase(way)
  let refusal: AlarmError | null = null
  try {
    await db.pool()
  } catch (error) {
    refusal = refusalOf(error)
    if (refusal === null) {
      await db.close()
      throw error
    }
  }
  const manager = postgresManager(way)
  return {
    manager: {
      reader: refusal === null ? manager : null,
      async *damage(pace) {
        if (refusal !== null) yield ofVersion(refusal)
        else {
          yield* clockOf(db)
          yield* standbysOf(db)
          yield* connectionsOf(db)
          await pace(0)
          yield* unreadableIn(db)
          yield* rescheduledIn(db)
        }
      },
      async copiesOf(keys) {
        const rows = await db.query<HeldCopy & { readonly key: string }>(
          `SELECT key, time::float8, fence::float8 FROM ${db.schema}._nolater_alarm WHERE ${ASKED}`,
          [keys.map(idOf)],
        )
        return new Map(rows.map((row) => [fromText(row.key), row]))
      },
      surgery: async () => manager,
      async replace(key, alarm) {
        const replaced = await db.query(
          `WITH ${CLOCK}
           UPDATE ${db.schema}._nolater_alarm SET time = $2, due = $2, fence = 0, set_by = 0, again = false, done = NULL, counted = 0, uncounted = 0,
             leased_until = NULL, holder = NULL, last_error = NULL, begun = false, aside = NULL, changed_at = now
           FROM clock WHERE id = decode($1, 'hex') AND (${UNREADABLE}) RETURNING 1`,
          [idOf(key), alarm],
        )
        return replaced.length > 0
      },
      async close() {
        await manager.close()
        await db.close()
      },
    },
    stores: [
      {
        async *pages() {
          if (refusal !== null) return
          let page = await actorsIn(db, 'id > $1', Buffer.alloc(0))
          while (page.length > 0) {
            yield page
            page = await actorsIn(db, 'id > $1', Buffer.from(idOf(page.at(-1)!.key), 'hex'))
          }
        },
        read: (keys) => actorsIn(db, ASKED, keys.map(idOf)),
        async open(key) {
          const store = await postgresStore({ key, manager })
          await store.alarm.drained()
          await store.close()
        },
        async *damage() {},
        close: async () => {},
      },
    ],
  }
}

async function actorsIn(
  db: Database,
  where: string,
  given: Buffer | readonly string[],
): Promise<StoredActor[]> {
  const rows = await db.query<StoredActor>(
    `SELECT key, alarm::float8, greatest(epoch, raised) AS epoch FROM ${db.schema}._nolater_actor
     WHERE ${where} ORDER BY id LIMIT ${AT_A_TIME}`,
    [given],
  )
  return rows.map((row) => ({ ...row, key: fromText(row.key) }))
}

/** What is wrong with the tables, and no fault of the call. */
function refusalOf(error: unknown): AlarmError | null {
  if (!(error instanceof AlarmError)) return null
  const isOlder = error.code === 'ALARM_STORAGE_MISSING' && / has version [1-9]/.test(error.message)
  return isOlder || error.code === 'ALARM_STORAGE_NEWER' ? error : null
}

function ofVersion({ code, message }: AlarmError): Finding {
  const isNewer = code === 'ALARM_STORAGE_NEWER'
  return {
    code: isNewer ? 'SCHEMA_NEWER' : 'SCHEMA_OLDER',
    severity: 'fault',
    key: null,
    text: message,
    advice: isNewer
      ? 'install a newer nolater'
      : 'open it once with this version, as a role that may create tables',
    repair: null,
  }
}

async function* clockOf(db: Database): AsyncGenerator<Finding> {
  const disagrees = (text: string): Finding => ({
    code: 'CLOCK_DISAGREES',
    severity: 'notice',
    key: null,
    text,
    advice: 'what delivers begins its leases and back-offs again',
    repair: null,
  })
  const before = Date.now()
  const [row] = await db.query<{ now: number; late: number }>(
    `WITH ${CLOCK} SELECT now::float8, (SELECT count(*)::float8 FROM ${db.schema}._nolater_alarm, clock WHERE changed_at > now + ${APART}) AS late FROM clock`,
    [],
  )
  const { now, late } = row as { now: number; late: number }
  if (now < before - APART || now > Date.now() + APART) {
    yield {
      ...disagrees(
        `the clock of this process and that of the database are ${Math.abs(now - before)} ms apart`,
      ),
      advice: 'set one of them right: an alarm is delivered when both have come to its time',
    }
  }
  if (late > 0)
    yield disagrees(`${late} rows were written later than it is now: the clock of the database was set back`)
}

async function* standbysOf(db: Database): AsyncGenerator<Finding> {
  const { standbys, isSynchronous } = await db.replication()
  if (standbys === 0 || isSynchronous) return
  yield {
    code: 'STANDBY_ASYNCHRONOUS',
    severity: 'notice',
    key: null,
    text: `commits do not wait for a standby (${standbys} follow): where one takes over, what was acknowledged last is lost, alarms with their state`,
    advice: 'set synchronous_standby_names, or accept that',
    repair: null,
  }
}

async function* connectionsOf(db: Database): AsyncGenerator<Finding> {
  const [row] = await db.query<{ taken: number; most: number }>(
    `SELECT sum(numbackends)::integer AS taken,
       current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer AS most
     FROM pg_stat_database`,
    [],
  )
  const { taken, most } = row as { taken: number; most: number }
  if (taken < most * SCARCE) return
  yield {
    code: 'CONNECTIONS_SCARCE',
    severity: 'notice',
    key: null,
    text: `${taken} of the ${most} connections of the server are taken: a process that finds none delivers nothing, and its writes fail`,
    advice:
      'give each process a smaller pool (3 are enough), put a pooler before the server, or raise max_connections',
    repair: null,
  }
}

const UNREADABLE = unreadableRows("last_error NOT LIKE '{%}'")

async function* unreadableIn(db: Database): AsyncGenerator<Finding> {
  const rows = await db.query<{ key: string }>(
    `SELECT key FROM ${db.schema}._nolater_alarm WHERE ${UNREADABLE} LIMIT 1000`,
    [],
  )
  for (const { key } of rows) {
    yield unreadable(fromText(key), 'restore it from a backup, or have its actor set its alarm again')
  }
}

async function* rescheduledIn(db: Database): AsyncGenerator<Finding> {
  const rows = await db.query<Rescheduled>(
    `SELECT key, time::float8, due::float8 FROM ${db.schema}._nolater_alarm WHERE ${RESCHEDULED} LIMIT 1000`,
    [],
  )
  yield* rows.map((row) => rescheduled({ ...row, key: fromText(row.key) }))
}
