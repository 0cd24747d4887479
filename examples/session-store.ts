/**
 * A session store on a table of your own: a session ends when nobody has used it for `idle` ms, and `longest` ms after its beginning at
 * the latest, however busy it is. Its row lives exactly as long as its alarm.
 * It shows `openAlarm` with your own commit, an epoch that is raised durably, and `postpone`, whose limit is stored with the alarm.
 * Run it: one session that is used, and ends all the same.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import {
  type Alarm,
  type AlarmDelivery,
  AlarmFencedError,
  type AlarmManager,
  openAlarm,
  postpone,
} from 'nolater'
import { sqliteManager } from 'nolater/sqlite'
import {
  asyncScheduler,
  distinctUntilChanged,
  EMPTY,
  finalize,
  interval,
  map,
  mergeMap,
  type Observable,
  of,
  type SchedulerLike,
  takeWhile,
} from 'rxjs'
import { scratchFolder } from './processes/scratch-folder.ts'

export interface SessionStoreOptions {
  readonly file: string
  readonly manager: AlarmManager
  readonly idle: number
  readonly longest: number
  readonly scheduler?: SchedulerLike
}

export interface SessionStore {
  /** Emits the id of a new session once that is durable. */
  begin(data: string): Observable<string>
  /** The data of a session, which goes on hereby; `undefined` once it has ended. */
  use(id: string): string | undefined
  end(id: string): void
  /** Ends what was not used; for the manager's deliveries. */
  deliver(delivery: AlarmDelivery): Observable<unknown>
  close(): void
}

interface Row {
  readonly id: string
  readonly data: string
  readonly alarm: number | null
  /** how late the alarm may get */
  readonly latest: number | null
  readonly epoch: number
}

/** A session in memory: its row as the next commit leaves it. */
interface Session {
  row: Row
  readonly alarm: Alarm
}

export function sessionStore(options: SessionStoreOptions): SessionStore {
  const { file, manager, idle, longest, scheduler = asyncScheduler } = options
  const db = new DatabaseSync(file)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  db.exec(`CREATE TABLE IF NOT EXISTS session
    (id TEXT PRIMARY KEY, data TEXT, alarm INTEGER, latest INTEGER, epoch INTEGER) STRICT`)
  const insert = db.prepare('INSERT INTO session VALUES (:id, :data, :alarm, :latest, :epoch)')
  const update = db.prepare('UPDATE session SET alarm = ?, latest = ? WHERE id = ? AND epoch = ?')
  const remove = db.prepare('DELETE FROM session WHERE id = ? AND epoch = ?')
  const take = db.prepare('UPDATE session SET epoch = epoch + 1 WHERE id = ? RETURNING *')
  const sessions = new Map<string, Session>()

  function open(stored: Row): Session {
    const { id, alarm: initial, epoch } = stored
    let isNew = initial === null
    const commit = (time: number | null): Observable<never> => {
      const { latest } = session.row
      if (isNew) insert.run({ ...session.row, alarm: time })
      else if ((time === null ? remove.run(id, epoch) : update.run(time, latest, id, epoch)).changes === 0)
        throw new AlarmFencedError(id, epoch) // opened again by another process, or gone
      isNew = false
      return EMPTY
    }
    const session: Session = {
      row: stored,
      alarm: openAlarm({
        key: id,
        initial,
        epoch,
        scheduler,
        commit,
        write: (time, info) => manager.write(id, time, info),
      }),
    }
    sessions.set(id, session)
    return session
  }

  /** Ids are never used again, so a row that is gone may take its epoch along. */
  function find(id: string): Session | undefined {
    const known = sessions.get(id)
    if (known !== undefined) return known
    const row = take.get(id) as unknown as Row | undefined
    return row && open(row)
  }

  function goOn(session: Session): void {
    const { row, alarm } = session
    const now = scheduler.now()
    const { time, limit } = postpone({ time: alarm.time, limit: row.latest }, now + idle, longest, now)
    session.row = { ...row, latest: limit }
    alarm.set(time)
    forgetIfOver(session)
  }

  /** What has ended, or is broken, is not kept; what is broken is opened again from its row. */
  function forgetIfOver({ row, alarm }: Session): void {
    const forget = (): void => void sessions.delete(row.id)
    alarm.drained().subscribe({ next: () => alarm.time === null && forget(), error: forget })
  }

  const isOver = ({ alarm }: Session): boolean => alarm.time === null || alarm.time <= scheduler.now()

  return {
    begin(data) {
      const session = open({ id: randomUUID(), data, alarm: null, latest: null, epoch: 1 })
      goOn(session)
      return of(session.row.id).pipe(session.alarm.holdUntilConfirmed())
    },
    use(id) {
      const session = find(id)
      if (session === undefined || isOver(session)) return undefined
      goOn(session)
      return session.row.data
    },
    end(id) {
      const session = find(id)
      if (session === undefined) return
      session.alarm.delete()
      forgetIfOver(session)
    },
    deliver(delivery) {
      const session = find(delivery.key)
      if (session === undefined) return EMPTY // ended before: the answer removes what the manager still had
      // The success of the handler deletes the alarm, and so the row.
      return session.alarm.deliver(delivery, () => EMPTY).pipe(finalize(() => forgetIfOver(session)))
    },
    close() {
      for (const { alarm } of sessions.values()) alarm.close()
      db.close()
    },
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const folder = scratchFolder('session-store')
  const manager = sqliteManager({ file: join(folder, 'alarms.db') })
  const store = sessionStore({ file: join(folder, 'sessions.db'), manager, idle: 300, longest: 600 })
  manager.deliveries(store.deliver).subscribe()
  store
    .begin('Ada is here')
    .pipe(
      mergeMap((id) => interval(50).pipe(map(() => store.use(id) ?? 'nobody is here'))),
      distinctUntilChanged(),
      takeWhile((who) => who !== 'nobody is here', true),
      finalize(() => {
        store.close()
        manager.close()
      }),
    )
    .subscribe(console.log)
}
