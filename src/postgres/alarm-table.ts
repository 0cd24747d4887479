import type { FailedAlarm } from '../ledger/failed-alarm.ts'
import type { HeldAlarm } from '../ledger/held-alarm.ts'
import type { Excerpt } from '../ledger/list-alarms.ts'
import { AlarmFencedError } from '../vocabulary/errors.ts'
import type { LastError } from '../vocabulary/listed-alarm.ts'
import type { KeyedWrite } from '../vocabulary/manager.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import { fromText, idOf, toText } from './alarm-key.ts'
import type { Database } from './database.ts'
import { type Group, groupTurn } from './group-turn.ts'
import { statementsOf } from './statements.ts'

/** Of a letter that is cut in two, PostgreSQL knows nothing. */
const HALF = /[\ud800-\udbff]$/

/** An alarm that was taken for a lease. */
export interface Taken {
  readonly id: string
  /** as it was, but for its holder; `due` is when it was due */
  readonly delivered: HeldAlarm & { readonly holder: string }
  /** ms after it was due, by the database's clock */
  readonly late: number
}

/** What a look for due alarms has found. */
interface Look {
  readonly taken: readonly Taken[]
  /** there may be more: as many were found as were asked for */
  readonly isFull: boolean
  /** ms until the next alarm that was not due yet; `null`: there is none */
  readonly nextIn: number | null
}

/** What is to stand after a delivery if nothing was written since. */
export interface Answer {
  readonly id: string
  readonly delivered: Taken['delivered']
  /** a write of the same alarm under a higher fence counts as written since, as it does for "done" */
  readonly isFenced: boolean
  readonly time: AlarmTime
  readonly done: AlarmTime
  readonly begun: boolean
  readonly counted: number
  readonly uncounted: number
  readonly lastError: LastError | null
  /** when it is due next: at a time, or in some ms of the database's clock */
  readonly due: { readonly at: AlarmTime } | { readonly in: number }
}

/** What stands after an answer. */
export interface After {
  /** false where the lease had passed to another holder */
  readonly entered: boolean
  readonly time: AlarmTime
  readonly fence: number
  readonly setBy: number
  readonly done: AlarmTime
  readonly due: AlarmTime
  readonly holder: string | null
  /** ms */
  readonly dueIn: number | null
}

/** The rows. A call is one statement; writes, and answers, are grouped with the others of their turn. */
export interface AlarmTable {
  /** ms until the alarm is due, `null` for never; or why it was refused */
  write(write: KeyedWrite): Promise<number | null | AlarmFencedError>
  /** Takes what is due, at most so many. */
  take(holder: string, most: number): Promise<Look>
  /** Gives back all that a holder took. */
  giveBack(holder: string): Promise<void>
  /** `null` where there is no row any more */
  answer(answer: Answer): Promise<After | null>
  /** Lets no lease and no back-off last longer because the clock of the database was set back. */
  bound(): Promise<void>
  /** Forgets removals that are `age` ms old, some at a time; whether there may be more. */
  forget(age: number): Promise<boolean>
  get(key: string): Promise<AlarmTime>
  read(key: string): Promise<HeldAlarm | null>
  /** Some of what is held, in order. */
  page(excerpt: Excerpt): Promise<HeldAlarm[]>
  /** Has a failed alarm delivered again; `null` where there is none. */
  retry(failed: FailedAlarm): Promise<Revived | null>
  /** Has a failed alarm delivered again at a time; `null` where there is none. */
  reschedule(failed: FailedAlarm, time: number): Promise<Revived | null>
  /** Removes a failed alarm; `null` where there is none. */
  discard(failed: FailedAlarm): Promise<Revived | null>
  /** Has what is not paused any more delivered, some at a time; whether there may be more. */
  restore(): Promise<boolean>
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
}

/** A failed alarm that was changed. */
export interface Revived {
  /** ms until it is due, `null` for never */
  readonly dueIn: number | null
}

/** Which alarms are taken, where it is not all that are due. */
interface Taking {
  /** of $4 and what follows it */
  readonly condition: string
  values(): readonly unknown[]
}

const all: Taking = { condition: 'true', values: () => [] }

/** How long the database keeps a lease of so many ms: a little longer than a handler may take, so that the process always ends it first. */
export const leaseInDatabase = (lease: number): number => lease + Math.max(250, Math.ceil(lease / 10))

export function alarmTable(db: Database, lease: number, taking = all): AlarmTable {
  const sql = statementsOf(db.schema, taking.condition)

  async function revive(
    text: string,
    { key, fence }: FailedAlarm,
    ...more: readonly number[]
  ): Promise<Revived | null> {
    return (await db.query<Revived>(text, [idOf(key), fence, ...more]))[0] ?? null
  }

  /** By id, with what `rest` says of those that have no row. */
  async function byId<Row extends Identified>(
    items: readonly Identified[],
    rows: readonly Row[],
    rest: string,
  ): Promise<(id: string) => Row | undefined> {
    const found = new Map(rows.map((row) => [row.id, row]))
    const left = items.map(({ id }) => id).filter((id) => !found.has(id))
    if (left.length > 0) for (const row of await db.query<Row>(rest, [left])) found.set(row.id, row)
    return (id) => found.get(id)
  }

  const writes = groupTurn(async (items: readonly (KeyedWrite & Identified)[]) => {
    const rows = await db.query<Written>(sql.write, [
      items.map(({ id }) => id),
      items.map(({ key }) => toText(key)),
      items.map(({ time }) => time),
      items.map(({ info }) => info.fence),
      items.map(({ info }) => info.move === 'same'),
    ])
    const written = await byId(items, rows, sql.fences)
    return items.map(({ id, key, info }) => {
      const { dueIn, fence } = written(id) ?? {}
      return dueIn === undefined ? new AlarmFencedError(key, info.fence, fence) : dueIn
    })
  })

  const answers = groupTurn(async (items: readonly Answer[]) => {
    const rows = await db.query<Standing>(sql.answer, [
      items.map(({ id }) => id),
      items.map(({ delivered }) => delivered.holder),
      items.map(({ delivered }) => delivered.time),
      items.map(({ delivered, isFenced }) => (isFenced ? delivered.fence : null)),
      items.map(({ delivered }) => delivered.setBy),
      items.map(({ time }) => time),
      items.map(({ done }) => done),
      items.map(({ counted }) => counted),
      items.map(({ uncounted }) => uncounted),
      items.map(({ due }) => ('at' in due ? due.at : null)),
      items.map(({ due }) => ('in' in due ? Math.ceil(due.in) : null)),
      items.map(({ lastError }) => lastError && JSON.stringify(lastError)),
      items.map(({ begun }) => begun),
    ])
    const standing = await byId(items, rows, sql.stand)
    return items.map(({ id }): After | null => {
      const row = standing(id)
      return row === undefined ? null : { ...row, entered: row.dueIn !== undefined, dueIn: row.dueIn ?? null }
    })
  })
  const groups: readonly Group<never, unknown>[] = [writes, answers]

  return {
    write: (write) => writes.ask({ ...write, id: idOf(write.key) }),
    async take(holder, most) {
      const rows = await db.query<TakeRow>(sql.take, [holder, most, lease, ...taking.values()])
      const { found, nextIn } = rows[0] as TakeRow
      // Without one there is a row of nothing but what was found.
      return { taken: rows.filter(({ id }) => id !== null).map(takenOf), isFull: found === most, nextIn }
    },
    async giveBack(holder) {
      await db.query(sql.giveBack, [holder])
    },
    answer: (answer) => answers.ask(answer),
    async bound() {
      await db.query(sql.bound, [])
    },
    forget: async (age) => (await db.query(sql.forget, [age])).length > 0,
    get: async (key) => (await db.query<{ time: AlarmTime }>(sql.get, [idOf(key)]))[0]?.time ?? null,
    read: async (key) => (await db.query<HeldRow>(sql.read, [idOf(key)])).map(heldOf)[0] ?? null,
    async page({ after, failed, begun, prefix, before, limit }) {
      const asked = [
        after?.at ?? -1,
        idOf(after?.key ?? ''),
        Math.min(before, Number.MAX_SAFE_INTEGER),
        limit,
        toText(prefix.replace(HALF, '')),
      ]
      // Before the first of all ids.
      if (after === null) asked[1] = ''
      const text = begun ? sql.pageOfBegun : sql.page(failed)
      return (await db.query<HeldRow>(text, asked)).map(heldOf)
    },
    retry: (failed) => revive(sql.retry, failed),
    reschedule: (failed, time) => revive(sql.reschedule, failed, time),
    discard: (failed) => revive(sql.discard, failed),
    restore: async () => (await db.query(sql.restore, [])).length > 0,
    async idle() {
      for (const group of groups) await group.idle()
    },
  }
}

interface Identified {
  readonly id: string
}

/** `dueIn` where it was accepted, and the fence that refused it where it was not. */
interface Written extends Identified {
  readonly dueIn?: number | null
  readonly fence?: number
}

/** `dueIn` where the answer was entered. */
interface Standing extends Identified, Omit<After, 'entered' | 'dueIn'> {
  readonly dueIn?: number | null
}

interface HeldRow extends Omit<HeldAlarm, 'lastError'> {
  readonly lastError: string | null
}

interface TakeRow extends HeldRow {
  readonly id: string
  readonly holder: string
  readonly late: number
  readonly found: number
  readonly nextIn: number | null
}

function takenOf({ id, late, found: _, nextIn: __, ...row }: TakeRow): Taken {
  return { id, late, delivered: { ...heldOf(row), holder: row.holder } }
}

function heldOf({ key, lastError, ...row }: HeldRow): HeldAlarm {
  const error = lastError === null ? null : (JSON.parse(lastError) as LastError)
  return { ...row, key: fromText(key), lastError: error }
}
