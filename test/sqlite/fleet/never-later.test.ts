import { setImmediate as turn } from 'node:timers/promises'
import type { ActorFleet } from 'nolater'
import { sqliteFleet } from 'nolater/sqlite'
import { describe, expect, it } from 'vitest'
import { dice } from '../../dice.ts'
import { codeOf } from '../../fleet-contract/rig.ts'
import { newFile } from '../files.ts'
import { bothFiles } from './both-files.ts'

const HOUR = 3_600_000
const KEYS = ['a', 'b', 'c']

/** Looks at both files in each turn of the event loop until the work is over. */
async function watched(look: () => void, work: Promise<unknown>): Promise<number> {
  let isOver = false
  let looks = 0
  const over = work.finally(() => (isOver = true))
  while (!isOver) {
    look()
    looks++
    await turn()
  }
  await over
  look()
  return looks
}

describe('the two files of a fleet', { timeout: 120_000 }, () => {
  it.each([1, 2, 3, 4])(
    'never have an alarm later than the state wants it, random changes %i',
    async (seed) => {
      const roll = dice(seed)
      const file = newFile()
      const handled: string[] = []
      const fleet: ActorFleet = await sqliteFleet({
        file,
        async handler({ key }) {
          handled.push(key)
          if (roll(3) > 0) await change(key)
        },
      })
      const files = bothFiles(file)
      const start = Date.now()
      const time = () => (roll(4) === 0 ? start + roll(300) : start + HOUR + roll(10) * 60_000)

      async function change(key: string): Promise<void> {
        const kind = roll(6)
        await fleet
          .change(key, async (tx, alarm) => {
            await tx.query('INSERT INTO note VALUES ($1)', [key])
            for (let waits = roll(3); waits > 0; waits--) await turn()
            if (kind < 3) alarm.set(time())
            else if (kind === 3) alarm.delete()
            else if (kind === 4) alarm.setIn(roll(50))
            if (roll(10) === 0) throw new RangeError('no')
          })
          .catch((error) => expect(error).toBeInstanceOf(RangeError))
      }
      async function play(): Promise<void> {
        const asked: Promise<void>[] = []
        for (let step = 0; step < 250; step++) {
          const key = KEYS[roll(KEYS.length)] as string
          const kind = roll(6)
          if (kind < 3) asked.push(change(key))
          else if (kind === 3) fleet.actor(key).set(time())
          else if (kind === 4) fleet.actor(key).delete()
          else await turn()
        }
        await Promise.all(asked)
      }

      try {
        await fleet.change('a', (tx) => tx.query('CREATE TABLE note (actor TEXT)'))
        const looks = await watched(() => expect(files.late()).toEqual([]), play())
        expect(looks).toBeGreaterThan(50)
      } finally {
        await fleet.close()
      }
      expect(files.late()).toEqual([])
      files.close()
    },
  )

  it.each([1, 2, 3])('keep state and alarm of a change in one commit, random changes %i', async (seed) => {
    const roll = dice(seed)
    const file = newFile()
    const fleet = await sqliteFleet({ file, timeout: 60_000, handler: () => [] })
    const files = bothFiles(file)
    const start = Date.now() + HOUR
    try {
      await fleet.change('schema', (tx) =>
        tx.query('CREATE TABLE wanted (actor TEXT PRIMARY KEY, time INTEGER)'),
      )
      const torn = files.actors.prepare(`
        SELECT key, alarm, time FROM _nolater_actors LEFT JOIN wanted ON actor = key WHERE alarm IS NOT time`)
      const changes = Array.from({ length: 200 }, async () => {
        for (let waits = roll(40); waits > 0; waits--) await turn()
        const [key, time, fails] = [
          KEYS[roll(KEYS.length)],
          roll(4) === 0 ? null : start + roll(100),
          roll(8) === 0,
        ]
        await fleet
          .change(key as string, async (tx, alarm) => {
            if (time === null) alarm.delete()
            await tx.query('INSERT INTO wanted VALUES ($1, $2) ON CONFLICT DO UPDATE SET time = $2', [
              key,
              time,
            ])
            if (roll(2) === 0) await turn()
            if (time !== null) alarm.set(time)
            if (fails) throw new RangeError('no')
          })
          .catch((error) => expect(error).toBeInstanceOf(RangeError))
      })
      await watched(() => expect([...torn.all(), ...files.late()]).toEqual([]), Promise.all(changes))
      await fleet.drained()
      const standing = (times: ReadonlyMap<string, number | null>) =>
        new Map([...times].filter(([, time]) => time !== null))
      expect(standing(files.held())).toEqual(standing(files.stored()))
    } finally {
      await fleet.close()
      files.close()
    }
  })

  it.each([1, 2])(
    'hold with two fleets that take the actors from each other, random changes %i',
    async (seed) => {
      const roll = dice(seed)
      const file = newFile()
      const fleets: ActorFleet[] = []
      for (let nth = 0; nth < 2; nth++)
        fleets.push(await sqliteFleet({ file, timeout: 60_000, handler: () => [], pollInterval: 50 }))
      for (const fleet of fleets) fleet.events$.subscribe() // what is taken from one breaks there
      const files = bothFiles(file)
      const codes = new Map<string, number>()
      files.actors.exec('CREATE TABLE note (actor TEXT)')
      const start = Date.now() + HOUR
      async function change(fleet: ActorFleet, key: string): Promise<void> {
        for (let waits = roll(200); waits > 0; waits--) await turn()
        const code = await codeOf(
          fleet.change(key, async (tx, alarm) => {
            await tx.query('INSERT INTO note VALUES ($1)', [key])
            if (roll(2) === 0) await turn()
            if (roll(4) > 0) alarm.set(roll(8) === 0 ? Date.now() : start + roll(100))
          }),
        )
        codes.set(String(code), (codes.get(String(code)) ?? 0) + 1)
      }
      try {
        const changes = Array.from({ length: 200 }, () => {
          return change(fleets[roll(2)] as ActorFleet, KEYS[roll(KEYS.length)] as string)
        })
        await watched(() => expect(files.late()).toEqual([]), Promise.all(changes))
        expect(files.actors.prepare('SELECT count(*) AS notes FROM note').get()?.notes).toBe(
          codes.get('done'),
        )
        expect([...codes.keys()].sort()).toEqual(['ALARM_FENCED', 'done'])
      } finally {
        await Promise.allSettled(fleets.map((fleet) => fleet.close()))
      }
      expect(files.late()).toEqual([])
      files.close()
    },
  )
})
