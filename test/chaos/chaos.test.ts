import { postgresStore } from 'nolater/postgres'
import { describe, expect, it } from 'vitest'
import { statementsOf } from '../../src/postgres/statements.ts'
import { quoted, until, withSchema } from '../postgres/rig.ts'
import { serverOfFile } from '../postgres/server.ts'
import { type CampaignOptions, campaign, type Outcome } from './campaign.ts'
import { makePlan, type Sabotage } from './plan.ts'

// Real processes and a real server. Nothing here depends on how fast they are: what is awaited is awaited until it comes.
const PATIENCE = 200_000
const server = serverOfFile()

if (typeof server === 'string') {
  describe('nolater/postgres in chaos', () => {
    it.skip(server, () => {})
  })
} else {
  const run = (sabotage: Sabotage, options: Partial<CampaignOptions>): Promise<Outcome> => {
    const { connectionString } = server
    const plan = {
      ...makePlan(1, { actors: 9, workers: 2 }),
      connectionString,
      schema: server.newSchema(),
      sabotage,
    }
    return campaign({ plan, server, kills: Infinity, seconds: 60, ...options })
  }

  describe('workers that are killed while PostgreSQL is restarted', () => {
    it('lose nothing, and are late by no more than leases and back-offs', { timeout: PATIENCE }, async () => {
      const outcome = await run('none', { kills: 5, seconds: 7 })
      expect(outcome.violations).toEqual([])
      expect(outcome.owed).toBeGreaterThan(0)
      expect(outcome.acked).toBeGreaterThan(0)
      expect(outcome.looks).toBeGreaterThan(10)
      expect([...outcome.struck.values()].reduce((a, b) => a + b)).toBeGreaterThan(0)
    })

    it.each([
      ['commit-first', /^LATE /],
      ['two-owners', /^OWNER /],
    ] as const)('are found out if they do as %s', { timeout: PATIENCE }, async (sabotage, found) => {
      const { violations } = await run(sabotage, {
        seconds: sabotage === 'two-owners' ? 10 : 60,
        stopsAtFault: true,
      })
      expect(violations[0]).toMatch(found)
    })
  })

  describe('what chaos has found', () => {
    it('enters each answer though its row is changed while it waits for it', { timeout: PATIENCE }, () =>
      withSchema(server, async ({ manager, schema, table, pool, write }) => {
        const its = manager()
        for (const key of ['a', 'b', 'c', 'd']) await write(its, key, 1_000, 1)
        const { take, answer } = statementsOf(quoted(schema))
        const holder = crypto.randomUUID()
        const taken = await server.query<{ id: string }>(take, [holder, 10, 60_000])
        // What waits for a row sees what its owner has made of it: both rows are new when they are answered.
        const owner = await pool().connect()
        await owner.query(`BEGIN; UPDATE ${table} SET last_error = 'x' WHERE key IN ('a', 'b')`)
        const [ids, each] = [taken.map(({ id }) => id), (value: unknown) => taken.map(() => value)]
        const done = [each(holder), each(1_000), each(1), each(1), each(null), each(1_000), each(0), each(0)]
        const entered = pool().query(answer, [ids, ...done, each(null), each(null), each(null), each(false)])
        await until(
          () => server.query(`SELECT FROM pg_locks WHERE NOT granted`),
          (waiting) => waiting.length > 0,
        )
        await owner.query('COMMIT')
        owner.release()
        expect((await entered).rows.map(({ id }) => id).sort()).toEqual(ids.toSorted())
        expect(ids).toHaveLength(4)
      }),
    )

    it(
      'lets more stores have a transaction at a time than the pool has connections',
      { timeout: PATIENCE },
      () =>
        withSchema(server, async ({ manager }) => {
          const its = manager({ timeout: 20_000 }) // ms; they would wait for each other so long
          const keys = Array.from({ length: 30 }, (_, i) => `actor-${i}`)
          const stores = await Promise.all(keys.map((key) => postgresStore({ key, manager: its })))
          const begin = Date.now()
          await Promise.all(
            stores.map(({ alarm, commitWith }) => commitWith(() => alarm.set(begin + 3_600_000))),
          )
          expect(Date.now() - begin).toBeLessThan(20_000)
        }),
    )

    it('does not count it against a handler that its connection broke', { timeout: PATIENCE }, () =>
      withSchema(server, async ({ manager }) => {
        const store = await postgresStore({ key: 'a', manager: manager() })
        const broken = store.commitWith(async (client) => {
          const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
          await server.query('SELECT pg_terminate_backend($1)', [rows[0].pid])
          await client.query('SELECT pg_sleep(10)')
        })
        await expect(broken).rejects.toMatchObject({ code: 'ALARM_STORAGE_UNREACHABLE', counted: false })
        expect(await store.commitWith(() => 'as before')).toBe('as before')
      }),
    )
  })
}
