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

/** An alarm that was taken for a lease. */
export interface Taken {
  readonly id: string
  /** as it was, but for its holder; `due` is when it was due */
  readonly delivered: HeldAlarm & { readonly holder: string }
  /** ms after it was due, by the database's clock */
  readonly late: number
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

/** The rows and their jobs. Every call is one statement, and grouped with the others of its turn. */
export interface AlarmTable {
  /** ms until the alarm is due, `null` for never; or why it was refused */
  write(write: KeyedWrite): Promise<number | null | AlarmFencedError>
  /** Takes the alarm of a job, unless it is not due or leased by another holder, and up to `more` others that are due. */
  take(id: string, holder: string, more: number): Promise<Taken[]>
  /** Gives back all that a holder took. */
  giveBack(holder: string): Promise<void>
  answer(answer: Answer): Promise<After>
  /** Makes the jobs of these rows what the rows say. */
  arm(ids: readonly string[]): Promise<void>
  /** ms until the next alarm that is not due yet */
  next(): Promise<number | null>
  /** overdue by `grace` ms, and no worker will ever take them */
  stuck(grace: number): Promise<string[]>
  /** Lets no lease and no back-off last longer because the clock of the database was set back. */
  bound(): Promise<void>
  /** Forgets removals that are `age` ms old, and the jobs of the dead. */
  forget(age: number): Promise<void>
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

interface Armed {
  readonly id: string
  readonly armed: boolean
}

const TRIES = 5

export function alarmTable(db: Database, lease: number): AlarmTable {
  const sql = statementsOf(db.schema)

  /** Runs a statement whose rows come back in any order; a job that could not be set is set again before the statement is answered. */
  async function run<Row extends Armed>(text: string, values: readonly unknown[]): Promise<Row[]> {
    const rows = await persist(() => db.query<Row>(text, values))
    const unarmed = rows.filter(({ armed }) => !armed).map(({ id }) => id)
    if (unarmed.length > 0) await arm(unarmed)
    return rows
  }

  async function each<Row extends Armed>(
    items: readonly { readonly id: string }[],
    rows: Promise<Row[]>,
  ): Promise<Row[]> {
    const byId = new Map((await rows).map((row) => [row.id, row]))
    return items.map(({ id }) => byId.get(id) as Row)
  }

  async function arm(ids: readonly string[]): Promise<void> {
    let left = ids
    while (left.length > 0) {
      const asked = left
      const rows = await persist(() => db.query<Armed>(sql.arm, [asked]))
      left = rows.filter(({ armed }) => !armed).map(({ id }) => id)
    }
  }

  async function revive(
    text: string,
    { key, fence }: FailedAlarm,
    ...more: readonly number[]
  ): Promise<Revived | null> {
    return (await run<Revived & Armed>(text, [idOf(key), fence, ...more]))[0] ?? null
  }

  const writes = groupTurn(async (items: readonly (KeyedWrite & { readonly id: string })[]) => {
    const rows = run<WriteRow>(sql.write, [
      items.map(({ id }) => id),
      items.map(({ key }) => toText(key)),
      items.map(({ time }) => time),
      items.map(({ info }) => info.fence),
      items.map(({ info }) => info.move === 'same'),
    ])
    return (await each(items, rows)).map(({ accepted, dueIn, held }, i) => {
      const { key, info } = items[i]!
      return accepted ? dueIn : new AlarmFencedError(key, info.fence, held ?? undefined)
    })
  })

  const takes = groupTurn(async (items: readonly Asked[]) => {
    const more = items.reduce((sum, item) => sum + item.more, 0)
    const rows = await run<TakeRow>(sql.take, [
      items.map(({ id }) => id),
      items.map(({ holder }) => holder),
      lease,
      more,
      items[0]!.holder,
    ])
    const taken = rows.filter((row) => row.taken)
    const others = taken.filter((row) => items.every(({ id }) => id !== row.id))
    return items.map(({ id, more }) =>
      [...taken.filter((row) => row.id === id), ...others.splice(0, more)].map(takenOf),
    )
  })

  const answers = groupTurn((items: readonly Answer[]) =>
    each(
      items,
      run<After & Armed>(sql.answer, [
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
      ]),
    ),
  )
  const groups: readonly Group<never, unknown>[] = [writes, takes, answers]

  return {
    write: (write) => writes.ask({ ...write, id: idOf(write.key) }),
    take: (id, holder, more) => takes.ask({ id, holder, more }),
    async giveBack(holder) {
      await run(sql.giveBack, [holder])
    },
    answer: (answer) => answers.ask(answer),
    arm,
    next: async () => (await db.query<{ dueIn: number | null }>(sql.next, []))[0]!.dueIn,
    stuck: async (grace) => (await db.query<{ id: string }>(sql.stuck, [grace])).map(({ id }) => id),
    async bound() {
      await run(sql.bound, [])
    },
    async forget(age) {
      await db.query(sql.forget, [age])
      await db.query(sql.deleteDeadJobs, [])
    },
    get: async (key) => (await db.query<{ time: AlarmTime }>(sql.get, [idOf(key)]))[0]?.time ?? null,
    read: async (key) => (await db.query<HeldRow>(sql.read, [idOf(key)])).map(heldOf)[0] ?? null,
    async page({ after, failed, before, limit }) {
      const asked = [
        after?.at ?? -1,
        idOf(after?.key ?? ''),
        Math.min(before, Number.MAX_SAFE_INTEGER),
        limit,
      ]
      // Before the first of all ids.
      if (after === null) asked[1] = ''
      return (await db.query<HeldRow>(sql.page(failed), asked)).map(heldOf)
    },
    retry: (failed) => revive(sql.retry, failed),
    reschedule: (failed, time) => revive(sql.reschedule, failed, time),
    discard: (failed) => revive(sql.discard, failed),
    restore: async () => (await run(sql.restore, [])).length > 0,
    async idle() {
      for (const group of groups) await group.idle()
    },
  }
}

interface Asked {
  readonly id: string
  readonly holder: string
  readonly more: number
}

interface WriteRow extends Armed {
  readonly accepted: boolean
  readonly dueIn: number | null
  readonly held: number | null
}

interface HeldRow extends Omit<HeldAlarm, 'lastError'> {
  readonly lastError: string | null
}

interface TakeRow extends Armed, HeldRow {
  readonly holder: string
  readonly taken: boolean
  readonly late: number
}

function takenOf({ id, armed: _, taken: __, late, ...row }: TakeRow): Taken {
  return { id, late, delivered: { ...heldOf(row), holder: row.holder } }
}

function heldOf({ key, lastError, ...row }: HeldRow): HeldAlarm {
  const error = lastError === null ? null : (JSON.parse(lastError) as LastError)
  return { ...row, key: fromText(key), lastError: error }
}

/** A deadlock with statements that are not ours, or a stricter isolation: the statement was rolled back, and may simply run again. */
async function persist<T>(run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await run()
    } catch (error) {
      const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } }
      const isRolledBack = code === 'ALARM_STORAGE_LOCKED' && String(cause?.code).startsWith('40')
      if (!isRolledBack || tries === TRIES) throw error
    }
  }
}
