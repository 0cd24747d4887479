import { describe, it } from 'vitest'
import { type Answer, answered, type HeldAlarm, written } from '../../src/ledger/held-alarm.ts'
import { idOf } from '../../src/postgres/alarm-key.ts'
import { alarmTable } from '../../src/postgres/alarm-table.ts'
import { failed, released, reported } from '../../src/postgres/answers.ts'
import { openDatabase } from '../../src/postgres/database.ts'
import type { Move } from '../../src/vocabulary/time.ts'
import { withSchema } from './rig.ts'
import type { Server } from './server.ts'

const CASES = 400
const FAR = 4e12 // so that nothing depends on when the test runs

/** The same numbers for the same seed. */
function dice(seed: number) {
  let state = seed
  const roll = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  return { roll, one: <T>(of: readonly T[]): T => of[roll(of.length)] as T }
}

const lastError = { name: 'Error', message: 'as the test wants', at: 5 }

type Holding = HeldAlarm & { readonly holder: string }

/** A row as it may be found: few values, so that they often meet. */
function heldOf(key: string, { roll, one }: ReturnType<typeof dice>): Holding {
  const time = one([null, FAR + 1, FAR + 2, FAR + 3])
  const done = time === null ? one([null, FAR + 1, FAR + 2]) : null
  const leasedUntil = one([FAR, FAR + 2, FAR + 9])
  const [fence, setBy] = [5, one([4, 5])]
  const failures = { counted: roll(8), uncounted: roll(3) }
  const due = time === null ? null : one([time, leasedUntil])
  const holder = crypto.randomUUID()
  return {
    key,
    time,
    fence,
    setBy,
    done,
    due,
    leasedUntil,
    holder,
    aside: time === null ? null : one([null, 1]),
    changedAt: 0,
    begun: one([true, false]),
    lastError: one([null, lastError]),
    ...failures,
  }
}

/** Two answers to what a write and the end of a delivery do to a row: that of the ledger, which the others use, and that of the SQL. */
export function describeLedger(server: Server): void {
  describe.concurrent('the statements of postgresManager', { timeout: 60_000 }, () => {
    const withTable = (
      test: (rig: {
        table: ReturnType<typeof alarmTable>
        insert(held: readonly HeldAlarm[]): Promise<unknown>
        read(): Promise<Map<string, Record<string, unknown>>>
      }) => Promise<void>,
    ) =>
      withSchema(server, async ({ schema, table: rows }) => {
        const db = openDatabase({ connectionString: server.connectionString, schema })
        await db.pool()
        try {
          await test({
            table: alarmTable(db, 1_000),
            insert: (held) =>
              server.query(
                `INSERT INTO ${rows} (id, key, time, fence, set_by, again, done, due, counted, uncounted, leased_until, holder, begun, last_error, aside, changed_at)
                 SELECT decode(id, 'hex'), key, time, fence, set_by, false, done, due, counted, uncounted, leased_until, holder, begun, last_error, aside, 0
                 FROM json_to_recordset($1) AS held (id text, key text, time bigint, fence bigint, set_by bigint, done bigint, due bigint,
                   counted int, uncounted int, leased_until bigint, holder uuid, begun boolean, last_error text, aside int)`,
                [
                  JSON.stringify(
                    held.map(({ setBy: set_by, leasedUntil: leased_until, lastError, ...rest }) => ({
                      ...rest,
                      last_error: lastError && JSON.stringify(lastError),
                      set_by,
                      leased_until,
                      id: idOf(rest.key),
                    })),
                  ),
                ],
              ),
            async read() {
              const found = await server.query<{ key: string }>(
                `SELECT key, time::float8, fence::float8, set_by::float8 AS "setBy", done::float8, due::float8, counted, uncounted,
                   leased_until::float8 AS "leasedUntil", holder, begun, aside, last_error::json AS "lastError" FROM ${rows}`,
              )
              return new Map(found.map((row) => [row.key, row]))
            },
          })
        } finally {
          await db.close()
        }
      })

    it('do what the ledger does with a write', ({ expect }) =>
      withTable(async ({ table, insert, read }) => {
        const chance = dice(1)
        const cases = Array.from({ length: CASES }, (_, i) => ({
          held: heldOf(`k${i}`, chance),
          time: chance.one([null, FAR + 1, FAR + 2, FAR + 3]),
          fence: chance.one([4, 5, 5, 6]),
          move: chance.one<Move>(['same', 'earlier', 'later']),
        }))
        await insert(cases.map(({ held }) => held))
        const results = await Promise.all(
          cases.map(({ held: { key }, time, fence, move }) =>
            table.write({ key, time, info: { key, fence, move, attempt: 1 } }),
          ),
        )
        const rows = await read()
        cases.forEach(({ held, time, fence, move }, i) => {
          const { key } = held
          const isStale = fence < held.fence
          const { changedAt: _, ...after } = isStale
            ? held
            : written(held, key, time, { key, fence, move, attempt: 1 }, 0)
          expect(rows.get(key), JSON.stringify({ held, time, fence, move })).toEqual(after)
          expect(results[i] instanceof Error).toBe(isStale)
        })
      }))

    it('do what the ledger does with an answer', ({ expect }) =>
      withTable(async ({ table, insert, read }) => {
        const chance = dice(2)
        const cases = Array.from({ length: CASES }, (_, i) => {
          const held = heldOf(`k${i}`, chance)
          const time = chance.one([held.time ?? FAR + 1, FAR + 1])
          const delivered: Holding = {
            ...held,
            time,
            done: null,
            due: time,
            fence: chance.one([4, 5, 5]),
            setBy: chance.one([4, 5]),
            holder: chance.one([held.holder, held.holder, held.holder, crypto.randomUUID()]),
          }
          return {
            held,
            delivered,
            kind: chance.one(['done', 'abandoned', 'failed', 'given-up', 'released'] as const),
          }
        })
        await insert(cases.map(({ held }) => held))
        const before = Date.now()
        const said = await Promise.all(
          cases.map(async ({ delivered, kind }, i) => {
            const taken = { id: idOf(delivered.key), delivered, late: 0 }
            if (kind === 'failed') {
              const { answer: entry } = failed(taken, new Error('as the test wants'), 5, (text) => text)
              const { counted, uncounted, lastError } = entry
              const delay = 'in' in entry.due ? entry.due.in : null
              const answer: Answer = {
                kind,
                delivered,
                failures: { counted, uncounted },
                lastError: lastError!,
                delay,
              }
              return { answer, isRelative: 'in' in entry.due, after: await table.answer(entry) }
            }
            if (kind === 'released') {
              const entry = released(taken)
              const answer: Answer = { kind, delivered }
              return { answer, isRelative: 'in' in entry.due, after: await table.answer(entry) }
            }
            const kept = kind === 'abandoned' && i % 2 === 0 ? FAR + 7 : null
            const answer: Answer = kind === 'abandoned' ? { kind, delivered, kept } : { kind, delivered }
            return { answer, after: await table.answer(reported(taken, { answer, story: () => null })) }
          }),
        )
        const rows = await read()
        cases.forEach(({ held }, i) => {
          const { answer, isRelative = false, after } = said[i]!
          const expected = answered(held, answer, 0)
          const { changedAt: _, ...row } = expected ?? held
          const found = { ...rows.get(held.key) } as { due: number }
          // A rest counts from when the answer was entered.
          if (isRelative && expected !== null && row.due !== held.time) {
            expect(found.due).toBeGreaterThanOrEqual(before + (row.due as number))
            found.due = row.due as number
          }
          expect(found, JSON.stringify({ held, answer })).toEqual(row)
          expect(after?.entered).toBe(expected !== null)
        })
      }))
  })
}
