import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { sleep, until } from '../postgres/rig.ts'
import { add, codeOf, type FleetCase, HOUR } from './rig.ts'

export const changes: readonly FleetCase[] = [
  {
    name: 'commits statements with the alarm, and resolves with what its function returns',
    async check({ expect, open, items }) {
      const fleet = await open()
      const time = Date.now() + HOUR
      const result = await fleet.change('a', async (tx, alarm) => {
        await tx.query('INSERT INTO item VALUES ($1, $2)', ['a', 'tea'])
        const before = alarm.time
        alarm.set(time)
        return [alarm.key, before, alarm.time]
      })
      expect(result).toEqual(['a', null, time])
      expect(await items()).toEqual(['a tea'])
      expect(fleet.actor('a').time).toBe(time)
      expect(await fleet.change('a', (_, alarm) => alarm.delete())).toBe(undefined)
      expect(await fleet.change('a', (_, alarm) => alarm.time)).toBe(null)
    },
  },
  {
    name: 'rejects with the very error of its function, and changes nothing',
    async check({ expect, open, items }) {
      const fleet = await open()
      const error = new RangeError('no')
      const failed = fleet.change('a', async (tx, alarm) => {
        await add('tea')(tx, alarm)
        throw error
      })
      await expect(failed).rejects.toBe(error)
      const refused = fleet.change('b', () => {
        throw error
      })
      await expect(refused).rejects.toBe(error)
      expect(await items()).toEqual([])
      expect(await fleet.change('a', (_, alarm) => alarm.time)).toBe(null)
      expect(await codeOf(fleet.change('a', (_, alarm) => alarm.set(-1)))).toBe('ALARM_TIME_INVALID')
    },
  },
  {
    name: 'undoes what throws, however odd that is, and goes on with the others',
    async check({ expect, open, items }) {
      const fleet = await open()
      const revoked = Proxy.revocable({}, {})
      revoked.revoke()
      const odd = [
        undefined,
        null,
        '',
        Object.defineProperty({}, 'code', {
          get() {
            throw new Error('of the getter')
          },
        }),
        { code: Object.create(null) },
        { code: Symbol('40001') },
        revoked.proxy,
      ]
      const all = odd.map((error, nth) => {
        const failed = fleet.change(`odd ${nth}`, async (tx, alarm) => {
          await add('tea')(tx, alarm)
          throw error
        })
        return failed.then(
          () => 'done',
          (reason) => [Object.is(reason, error)],
        )
      })
      const other = codeOf(fleet.change('a', add('tea')))
      expect(await Promise.all(all)).toEqual(odd.map(() => [true]))
      expect(await other).toBe('done')
      expect(await items()).toEqual(['a tea'])
    },
  },
  {
    name: 'runs in the asynchronous context of its caller',
    async check({ expect, open }) {
      const fleet = await open()
      const request = new AsyncLocalStorage<string>()
      const seen = await Promise.all(
        ['a', 'b'].map((key) => request.run(key, () => fleet.change(key, () => request.getStore()))),
      )
      expect(seen).toEqual(['a', 'b'])
    },
  },
  {
    name: 'takes nothing that its function has not waited for, once that is over',
    async check({ expect, open, items }) {
      const fleet = await open()
      const late: Promise<unknown>[] = []
      const all = ['a', 'b', 'c'].map((key) =>
        fleet.change(key, async (tx, alarm) => {
          await add('tea')(tx, alarm)
          if (key !== 'b') return
          void turn().then(() => {
            late.push(codeOf(tx.query('INSERT INTO nothing VALUES (1)')))
            late.push(codeOf(Promise.resolve().then(() => alarm.set(0))))
          })
        }),
      )
      expect(await Promise.all(all.map(codeOf))).toEqual(['done', 'done', 'done'])
      await until(() => late.length === 2)
      expect(await Promise.all(late)).toEqual(['ALARM_TRANSACTION_INVALID', 'ALARM_TRANSACTION_INVALID'])
      expect((await items()).sort()).toEqual(['a tea', 'b tea', 'c tea'])
      expect(await fleet.change('b', (_, alarm) => alarm.time)).toBeGreaterThan(Date.now())
    },
  },
  {
    name: 'undoes the change of one actor alone, of those that are asked for together',
    async check({ expect, open, items }) {
      const fleet = await open()
      const all = ['a', 'b', 'c', 'd'].map((key) =>
        fleet.change(key, async (tx, alarm) => {
          await add('tea')(tx, alarm)
          if (key === 'b') throw new RangeError('no')
          if (key === 'd') await tx.query('INSERT INTO nothing VALUES (1)')
        }),
      )
      const codes = await Promise.all(all.map(codeOf))
      expect(codes.map((code) => code === 'done')).toEqual([true, false, true, false])
      expect((await items()).sort()).toEqual(['a tea', 'c tea'])
      const times = await Promise.all(
        ['a', 'b', 'c', 'd'].map((key) => fleet.change(key, (_, alarm) => alarm.time !== null)),
      )
      expect(times).toEqual([true, false, true, false])
    },
  },
  {
    name: 'does the changes of one actor one after the other, in the order in which they were asked for',
    async check({ expect, open, items }) {
      const fleet = await open()
      const begun: number[] = []
      const all = Array.from({ length: 20 }, (_, nth) =>
        fleet.change('a', async (tx) => {
          begun.push(nth)
          const { rows } = await tx.query('SELECT count(*) AS items FROM item')
          await sleep(1)
          await tx.query('INSERT INTO item VALUES ($1, $2)', ['a', `${rows[0].items}`])
        }),
      )
      await Promise.all([...all, fleet.change('b', () => sleep(5))])
      expect(begun).toEqual([...begun].sort((a, b) => a - b))
      expect(await items()).toEqual(Array.from({ length: 20 }, (_, nth) => `a ${nth}`))
    },
  },
  {
    name: 'rolls back a change that hangs, refuses what it asks for later, and goes on with the others',
    async check({ expect, open, items }) {
      const fleet = await open({ timeout: 1_500 })
      const later: Promise<unknown>[] = []
      const hangs = fleet.change('a', async (tx, alarm) => {
        await add('tea')(tx, alarm)
        await sleep(2_000)
        later.push(codeOf(tx.query('INSERT INTO item VALUES ($1, $2)', ['a', 'late'])))
        later.push(codeOf(Promise.resolve().then(() => alarm.setIn(HOUR))))
      })
      const others = ['b', 'c'].map((key) => fleet.change(key, add('tea')))
      expect(await Promise.all([hangs, ...others].map(codeOf))).toEqual([
        'ALARM_TRANSACTION_INVALID',
        'done',
        'done',
      ])
      await until(() => later.length === 2)
      expect(await later[0]).not.toBe('done')
      expect(await later[1]).toBe('ALARM_TRANSACTION_INVALID')
      expect((await items()).sort()).toEqual(['b tea', 'c tea'])
      expect(await fleet.change('a', (_, alarm) => alarm.time)).toBe(null)
    },
  },
  {
    name: 'leaves out what has waited in line for too long',
    async check({ expect, open, items }) {
      const fleet = await open({ timeout: 1_500 })
      const first = fleet.change('a', () => new Promise(() => {}))
      const second = fleet.change('a', add('tea'))
      expect(await Promise.all([first, second].map(codeOf))).toEqual([
        'ALARM_TRANSACTION_INVALID',
        'ALARM_TIMEOUT',
      ])
      expect(await items()).toEqual([])
      expect(await codeOf(fleet.change('a', add('tea')))).toBe('done')
    },
  },
  {
    name: 'refuses a change inside of another one, and what begins or ends a transaction',
    async check({ expect, open, items }) {
      const fleet = await open()
      const nested = fleet.change('a', async (tx, alarm) => {
        await add('tea')(tx, alarm)
        await fleet.change('b', () => {})
      })
      expect(await nested.catch((error) => error)).toMatchObject({
        code: 'ALARM_TRANSACTION_INVALID',
        message: expect.stringContaining('inside of the function of another change'),
      })
      const words = [
        'BEGIN',
        'commit',
        '  END',
        '-- no\nROLLBACK',
        'SAVEPOINT mine',
        'RELEASE mine',
        ' ; COMMIT',
      ]
      for (const word of words) {
        const ends = fleet.change('a', (tx) => tx.query(word))
        expect(await codeOf(ends)).toBe('ALARM_TRANSACTION_INVALID')
      }
      const caught = fleet.change('a', async (tx, alarm) => {
        await add('tea')(tx, alarm)
        expect(await codeOf(tx.query('COMMIT'))).toBe('ALARM_TRANSACTION_INVALID')
        throw new RangeError('no')
      })
      expect(await codeOf(caught)).toBeInstanceOf(RangeError)
      expect(await codeOf(fleet.change('a', (tx) => tx.query('SELECT 1; SELECT 2')))).not.toBe('done')
      expect(await items()).toEqual([])
    },
  },
  {
    name: 'binds parameters by their numbers, and says how many rows there are',
    async check({ expect, open, items }) {
      const fleet = await open()
      const results = await fleet.change('a', async (tx) => {
        const added = await tx.query('INSERT INTO item (name, actor) VALUES ($2, $1)', ['a', "$1 isn't $2"])
        await tx.query('INSERT INTO item VALUES ($1, $1)', ['b'])
        const read = await tx.query('SELECT name FROM item WHERE actor = $1 OR $1 IS NULL', ['a'])
        const none = await tx.query('UPDATE item SET name = $1 WHERE actor = $2', [null, 'c'])
        const gone = await tx.query('DELETE FROM item WHERE actor = $1 RETURNING name', ['b'])
        return { added, read, none, gone }
      })
      expect(results).toMatchObject({
        added: { rows: [], rowCount: 1 },
        read: { rows: [{ name: "$1 isn't $2" }], rowCount: 1 },
        none: { rows: [], rowCount: 0 },
        gone: { rows: [{ name: 'b' }], rowCount: 1 },
      })
      expect(await items()).toEqual(["a $1 isn't $2"])
      const tooFew = fleet.change('a', (tx) => tx.query('INSERT INTO item VALUES ($1, $2)', ['a']))
      expect(await codeOf(tooFew)).not.toBe('done')
      const tooMany = fleet.change('a', (tx) => tx.query('INSERT INTO item VALUES ($1, $1)', ['a', 'b']))
      expect(await codeOf(tooMany)).not.toBe('done')
    },
  },
  {
    name: 'refuses what is no change, and what is no key',
    async check({ expect, open }) {
      const fleet = await open()
      expect(await codeOf(fleet.change('a', undefined as never))).toBe('ALARM_CONFIG_INVALID')
      expect(await codeOf(fleet.change('\ud800', () => {}))).toBe('ALARM_KEY_INVALID')
    },
  },
  {
    name: 'goes on where the alarm of its actor is asked for from outside all the while',
    async check({ expect, open, items }) {
      const fleet = await open()
      const start = Date.now() + HOUR
      let sets = 0
      const asking = setInterval(() => fleet.actor('a').set(start + (sets++ % 2) * HOUR), 1)
      try {
        for (let nth = 0; nth < 5; nth++) {
          const changed = fleet.change('a', async (tx, alarm) => {
            await tx.query('INSERT INTO item VALUES ($1, $2)', ['a', `${nth}`])
            fleet.actor('a').set(start + (5 - nth) * 60_000)
            await sleep(10)
            alarm.set(start - nth * 60_000)
          })
          expect(await codeOf(changed)).toBe('done')
        }
      } finally {
        clearInterval(asking)
      }
      fleet.actor('a').set(start)
      await fleet.drained()
      expect(fleet.actor('a').time).toBe(start)
      expect(await items()).toEqual([0, 1, 2, 3, 4].map((nth) => `a ${nth}`))
      expect(sets).toBeGreaterThan(5)
    },
  },
  {
    name: 'keeps an actor in memory while it is being changed',
    async check({ expect, open }) {
      const fleet = await open({ maxActors: 1 })
      const time = Date.now() + HOUR
      await fleet.change('a', (_, alarm) => alarm.set(time + HOUR))
      await fleet.drained()
      await fleet.change('a', async () => {
        await sleep(5)
        expect(() => fleet.actor('b').touch()).toThrow(expect.objectContaining({ code: 'ALARM_FLEET_FULL' }))
        fleet.actor('a').set(time)
      })
      await fleet.drained()
      expect(await codeOf(fleet.change('b', add('tea')))).toBe('done') // it has taken its place
      expect(await fleet.change('a', (_, alarm) => alarm.time)).toBe(time)
    },
  },
  {
    name: 'breaks no other change with that of an actor whose alarm is closed meanwhile',
    async check({ expect, open, items }) {
      const fleet = await open()
      const broken: string[] = []
      fleet.events$.subscribe(({ kind, key }) => {
        if (kind === 'broken') broken.push(key)
      })
      const closes = fleet.change('a', async (tx, alarm) => {
        await add('tea')(tx, alarm)
        fleet.actor('a').close()
      })
      const closed = fleet.change('b', add('tea'))
      const closesAnother = fleet.change('c', async (tx, alarm) => {
        await add('tea')(tx, alarm)
        fleet.actor('b').close()
      })
      expect(await Promise.all([closes, closed, closesAnother].map(codeOf))).toEqual([
        'ALARM_CLOSED',
        'ALARM_CLOSED',
        'done',
      ])
      expect(await items()).toEqual(['c tea'])
      expect(broken).toEqual([])
    },
  },
  {
    name: 'is seen among the events, also where it asks for no alarm',
    async check({ expect, open }) {
      const fleet = await open()
      const kinds: string[] = []
      fleet.events$.subscribe(({ kind, key }) => key === 'a' && kinds.push(kind))
      await fleet.change('a', () => {})
      await fleet.drained()
      expect(kinds).toEqual(
        expect.arrayContaining(['opened', 'touched', 'commit-issued', 'commit-acknowledged']),
      )
    },
  },
  {
    name: 'lasts no longer than its function',
    async check({ expect, open, items }) {
      const fleet = await open()
      const late = await new Promise<(name: string) => Promise<unknown>>((resolve) => {
        void fleet.change('a', (tx, alarm) =>
          resolve(async (name) => {
            const alarmed = await codeOf(Promise.resolve().then(() => alarm.setIn(HOUR)))
            expect(alarmed).toBe('ALARM_TRANSACTION_INVALID')
            await tx.query('INSERT INTO item VALUES ($1, $2)', ['a', name])
          }),
        )
      })
      await fleet.change('b', async (tx, alarm) => {
        expect(await codeOf(late('late'))).toBe('ALARM_TRANSACTION_INVALID')
        await add('tea')(tx, alarm)
      })
      expect(await items()).toEqual(['b tea'])
      expect(await fleet.change('a', (_, alarm) => alarm.time)).toBe(null)
    },
  },
]
