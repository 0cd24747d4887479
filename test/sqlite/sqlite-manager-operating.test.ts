import { DatabaseSync } from 'node:sqlite'
import { EMPTY, lastValueFrom, NEVER, throwError, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { rigOf } from '../manager-contract.ts'
import { virtualClock } from '../virtual-clock.ts'
import { newFile, newManager } from './files.ts'

const info = (fence: number) => ({ key: '', move: 'later', fence, attempt: 1 }) as const

function two() {
  const clock = virtualClock()
  const file = newFile()
  const other = newManager({ file, scheduler: clock })
  return { file, other, ...rigOf(newManager({ file, scheduler: clock }), clock) }
}

describe('operators of a file, from another process', () => {
  it('end the lease of what a process has that has died, under its fence, and of no other', async () => {
    const { file, clock, t0, write, deliver, manager } = two()
    const retry = async (key: string, fence?: number) => {
      const retried = manager.retry(key, fence === undefined ? {} : { fence })
      await clock.advance(0)
      return retried
    }
    const dead = virtualClock()
    const dying = rigOf(newManager({ file, scheduler: dead, lease: 3_600_000 }), dead)
    await write('a', t0, 3)
    const failing = dying.deliver(() => throwError(() => new Error('no')))
    await dead.advance(0)
    expect(failing.only('failed')).toHaveLength(1)
    failing.stop()
    await dead.advance(3_000)
    dying.deliver(() => NEVER) // its clock stands still from here on
    await dead.advance(0)
    const { delivered } = deliver()
    await clock.advance(602_000)
    expect(await retry('a')).toBe(false)
    await clock.advance(2_000)
    expect(delivered).toHaveLength(0)
    expect(await retry('a', 2)).toBe(false)
    expect(await retry('a', 3)).toBe(true)
    await clock.advance(0)
    expect(delivered).toMatchObject([{ key: 'a', retryCount: 1 }])
    expect(await retry('a')).toBe(false)
  })

  it('pause what this one delivers, and resume it by its next look', async () => {
    const { clock, t0, other, write, deliver } = two()
    const { delivered } = deliver()
    await clock.advance(0)
    const paused = other.pause({ prefix: 'a' })
    await clock.advance(0)
    await paused
    await write('a', t0, 1)
    await clock.advance(5_000)
    expect(delivered).toEqual([])
    const resumed = other.resume()
    await clock.advance(1_000)
    await resumed
    expect(delivered).toHaveLength(1)
  })

  it('see what it does: who delivers, how late, how often', async () => {
    const { clock, t0, other, write, deliver } = two()
    await write('a', t0, 1)
    await clock.advance(100)
    const { stop } = deliver()
    await clock.advance(15_000)
    const stats = await other.stats()
    expect(stats).toMatchObject({
      fires: 1 / 60,
      deliverers: [{ process: expect.stringMatching(/:\d+$/), since: t0 + 100 }],
    })
    expect(stats.lateness.p50).toBeGreaterThanOrEqual(100)
    expect(t0 + 15_100 - stats.deliverers[0]!.seen).toBeLessThanOrEqual(11_000)
    stop()
    expect((await other.stats()).deliverers).toEqual([])
  })

  it('count what it did in the last minute after it was closed, and forget that later', async () => {
    const clock = virtualClock()
    const file = newFile()
    const other = newManager({ file, scheduler: clock })
    const rows = () => {
      const db = new DatabaseSync(file)
      const { count } = db.prepare('SELECT count(*) AS count FROM deliverer').get() as { count: number }
      db.close()
      return count
    }
    const delivered = async (key: string) => {
      const manager = newManager({ file, scheduler: clock })
      const { t0, write, deliver } = rigOf(manager, clock)
      deliver(() => EMPTY)
      await write(key, t0, 1)
      await clock.advance(15_000)
      await manager.close()
      const { fires, deliverers } = await other.stats()
      expect(deliverers).toEqual([])
      return Math.round(fires * 60)
    }
    expect(await delivered('a')).toBe(1)
    expect(await delivered('b')).toBe(2)
    expect(rows()).toBe(2)
    await clock.advance(61_000)
    expect((await other.stats()).fires).toBe(0)
    expect(await delivered('c')).toBe(1)
    expect(rows()).toBe(1)
    const idle = newManager({ file, scheduler: clock })
    rigOf(idle, clock).deliver()
    await clock.advance(75_000)
    expect(rows()).toBe(1) // the one that delivers, and not the one that is gone
    await idle.close()
    expect(rows()).toBe(0)
  })

  it.each([1_000, 60_000, 3_600_000])(
    'see that it delivers, with or without work, where it looks every %d ms',
    async (pollInterval) => {
      const clock = virtualClock()
      const file = newFile()
      const other = newManager({ file, scheduler: clock })
      const manager = newManager({ file, scheduler: clock, pollInterval, lease: 600_000 })
      const { t0, write, deliver } = rigOf(manager, clock)
      const { stop } = deliver(() => NEVER)
      const silences: number[] = []
      for (let second = 0; second < 120; second++) {
        if (second === 25) await write('hung', t0, 1)
        await clock.advance(1_000)
        const { at, deliverers } = await other.stats()
        silences.push(at - deliverers[0]!.seen)
      }
      expect(silences).toHaveLength(120)
      expect(Math.max(...silences)).toBe(9_000) // after ten seconds there was another report
      stop()
      await clock.advance(60_000)
      expect((await other.stats()).deliverers).toEqual([])
      expect(clock.pending()).toBe(0)
    },
  )

  it('see it again a second after the file was locked, though it has no work', async () => {
    const clock = virtualClock()
    const file = newFile()
    const manager = newManager({ file, scheduler: clock, pollInterval: 3_600_000 })
    const { t0, deliver } = rigOf(manager, clock)
    deliver()
    await clock.advance(5_000)
    const db = new DatabaseSync(file)
    db.exec('BEGIN IMMEDIATE')
    await clock.advance(20_500)
    expect((await manager.stats()).deliverers[0]!.seen).toBe(t0)
    db.exec('ROLLBACK')
    db.close()
    await clock.advance(1_000)
    expect((await manager.stats()).deliverers[0]!.seen).toBeGreaterThan(t0 + 25_000)
  })

  it('see for an hour what a process that died left, and no longer', async () => {
    const { clock, file, t0, other, deliver } = two()
    const db = new DatabaseSync(file)
    const minute = '{"fires":60,"failures":0,"lateness":{},"latest":0}'
    db.exec(`INSERT INTO deliverer VALUES ('dead', 'host:1', ${t0}, ${t0}, '${minute}')`)
    db.close()
    deliver()
    await clock.advance(3_590_000)
    const { deliverers, fires } = await other.stats()
    expect(deliverers.map(({ holder }) => holder)).toContain('dead')
    expect(fires).toBe(0)
    await clock.advance(30_000)
    expect((await other.stats()).deliverers.map(({ holder }) => holder)).not.toContain('dead')
  })
})

describe('sqliteManager', () => {
  it('keeps what it did once a second, not with each round', async () => {
    const clock = virtualClock()
    const { t0, manager, write, deliver } = rigOf(newManager({ scheduler: clock }), clock)
    const seen = async () => (await manager.stats()).deliverers[0]!.seen - t0
    deliver()
    await clock.advance(0)
    for (const key of ['a', 'b']) {
      await write(key, t0, 1)
      await clock.advance(400)
    }
    expect(await seen()).toBe(0)
    await clock.advance(400)
    await write('c', t0, 1)
    await clock.advance(0)
    expect(await seen()).toBe(1_200)
  })

  it('counts an expired lease among the failures', async () => {
    const clock = virtualClock()
    const { t0, manager, write, deliver } = rigOf(newManager({ scheduler: clock, lease: 2_000 }), clock)
    deliver(() => NEVER)
    await write('a', t0, 1)
    await clock.advance(3_100)
    await write('b', t0, 1)
    await clock.advance(0)
    expect((await manager.stats()).failures).toBe(1 / 60)
  })

  it('delivers what was resumed though something else that was set aside before is due much later', async () => {
    const clock = virtualClock()
    const file = newFile()
    const { t0, manager, write, deliver } = rigOf(newManager({ file, scheduler: clock }), clock)
    await manager.pause()
    const { delivered } = deliver()
    await write('far', t0, 1)
    await clock.advance(1_000)
    const db = new DatabaseSync(file)
    db.exec(`UPDATE alarm SET time = ${t0 + 9e6}, due = ${t0 + 9e6}`) // as a process of the version before writes it
    db.close()
    await manager.resume()
    await manager.pause()
    await write('near', t0, 1)
    await clock.advance(1_000)
    const other = newManager({ file, scheduler: clock })
    await other.resume()
    await clock.advance(2_000)
    expect(delivered.map(({ key }) => key)).toEqual(['near'])
  })

  it('leaves nothing aside of what is delivered', async () => {
    const clock = virtualClock()
    const file = newFile()
    const { t0, manager, write, deliver } = rigOf(newManager({ file, scheduler: clock }), clock)
    await manager.pause()
    deliver(() => {
      throw new Error('no')
    })
    await write('a', t0, 1)
    await clock.advance(1_000)
    const db = new DatabaseSync(file)
    const aside = () => db.prepare('SELECT aside FROM alarm').get()?.aside
    expect(aside()).toBe(0)
    await manager.resume()
    await clock.advance(1_000)
    expect(aside()).toBeNull()
    db.close()
  })

  it('enters an answer once, though a row that cannot be read is of the same turn', async () => {
    const clock = virtualClock()
    const file = newFile()
    const { t0, manager, write, deliver } = rigOf(newManager({ file, scheduler: clock }), clock)
    await write('bad', t0 + 9e6, 1)
    await write('a', t0, 1)
    const db = new DatabaseSync(file)
    db.exec(`UPDATE alarm SET fence = ${2n ** 60n} WHERE key = 'bad'`)
    db.close()
    let refused: unknown = null
    const { delivered, only } = deliver(() => {
      // After the answer, in the same turn.
      queueMicrotask(() => {
        manager.write('bad', t0, { ...info(2), move: 'same' }).then(null, (error) => {
          refused = error
        })
      })
      return EMPTY
    })
    await clock.advance(100_000)
    expect(refused).not.toBeNull()
    expect(delivered).toHaveLength(1)
    expect(only('done')).toHaveLength(1)
  })

  it('delivers what is not paused past any number that is', async () => {
    const clock = virtualClock()
    const { t0, manager, deliver } = rigOf(newManager({ scheduler: clock }), clock)
    const writes = Array.from({ length: 3_000 }, (_, i) => manager.write(`p${i}`, t0 + i, info(1)))
    await Promise.all([manager.pause({ prefix: 'p' }), ...writes, manager.write('q', t0 + 5_000, info(1))])
    const { delivered } = deliver()
    await clock.advance(6_000)
    expect(delivered.map(({ key }) => key)).toEqual(['q'])
    expect((await manager.stats()).counts).toMatchObject({ pending: 0, due: 3_000 })
    const one = manager.resume({ key: 'p7' })
    expect(await one).toBe(false)
    await manager.resume()
    for (let i = 0; i < 60; i++) await clock.advance(1_000)
    expect(delivered).toHaveLength(3_001)
  })

  it('looks at what was set aside once more when a pause ends, and leaves aside what another one is of', async () => {
    const clock = virtualClock()
    const { t0, manager, write, deliver } = rigOf(newManager({ scheduler: clock }), clock)
    await manager.pause({ prefix: 'a' })
    await manager.pause({ prefix: 'b' })
    for (const key of ['a', 'b']) await write(key, t0, 1)
    const { delivered } = deliver()
    await clock.advance(2_000)
    await manager.resume({ prefix: 'a' })
    await clock.advance(2_000)
    expect(delivered.map(({ key }) => key)).toEqual(['a'])
    await manager.resume({ prefix: 'b' })
    await clock.advance(2_000)
    expect(delivered.map(({ key }) => key)).toEqual(['a', 'b'])
  })

  it('lists and counts the same, also what is set aside', async () => {
    const clock = virtualClock()
    const { t0, manager, deliver } = rigOf(newManager({ scheduler: clock, lease: 5_000 }), clock)
    await manager.pause({ prefix: 'p' })
    deliver(({ key }) => {
      if (key.startsWith('w')) return NEVER
      throw Object.assign(new Error('no'), { retry: key.startsWith('r') })
    })
    const kinds = ['p', 'w', 'r', 'f', 'later']
    const keys = kinds.flatMap((kind) => Array.from({ length: 5 }, (_, i) => kind + i))
    await Promise.all(keys.map((key) => manager.write(key, key.startsWith('later') ? t0 + 9e6 : t0, info(1))))
    for (const ms of [100, 1_000, 2_500, 4_999, 10_000]) {
      await clock.advance(ms)
      const all = await lastValueFrom(manager.list().pipe(toArray()))
      expect(all).toHaveLength(25)
      const { counts, oldest } = await manager.stats()
      const listed = { pending: 0, due: 0, delivering: 0, 'backing-off': 0, failed: 0 }
      for (const { state } of all) listed[state]++
      expect(counts).toEqual(listed)
      expect(oldest?.key).toMatch(/^p/)
      expect(all.filter(({ paused }) => paused)).toHaveLength(5)
    }
  })

  it('completes its deliveries when it is drained, with the looks that belong to them', async () => {
    const clock = virtualClock()
    const { manager, deliver } = rigOf(newManager({ scheduler: clock }), clock)
    const { outcome } = deliver()
    await clock.advance(0)
    const drained = manager.drain()
    await clock.advance(0)
    await drained
    expect(outcome()).toBe('complete')
    expect((await manager.stats()).deliverers).toEqual([])
  })
})
