import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { serveWorkerd, type Workerd } from '../../bench/serve-workerd.ts'
import type { StoredTimer } from '../../src/durable-object/index.ts'
import { bundleActors, canServe } from './serve-actors.ts'

interface Seen {
  readonly fires: readonly { readonly name: string }[]
  readonly standing: readonly StoredTimer[]
}

const HOUR = 3_600_000

describe.skipIf(!canServe())('timers of a Durable Object in workerd, where it runs', () => {
  const directory = mkdtempSync(join(tmpdir(), 'nolater-workerd-'))
  let config: string
  let server: Workerd

  beforeAll(async () => {
    mkdirSync(join(directory, 'disk'))
    config = await bundleActors(directory)
    server = await serveWorkerd(config, join(directory, 'disk'))
  }, 60_000)
  afterAll(async () => {
    await server?.close()
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  })

  async function restart(): Promise<void> {
    process.kill(server.pid, 'SIGKILL')
    await server.close()
    server = await serveWorkerd(config, join(directory, 'disk'))
  }
  const ask = (name: string, act: string, ...args: unknown[]) =>
    server.ask('/', { way: 'probe', name, act, args })
  const seen = async (name: string) => (await ask(name, 'seen')) as Seen
  const firesOf = async (name: string): Promise<string[]> => (await seen(name)).fires.map(({ name }) => name)
  const fires = (name: string, ...expected: string[]) =>
    vi.waitFor(async () => expect(await firesOf(name)).toEqual(expected), { timeout: 20_000, interval: 50 })

  const tickedMore = (name: string, than: number) =>
    vi.waitFor(
      async () => {
        const { length } = await firesOf(name)
        expect(length).toBeGreaterThan(than)
        return length
      },
      { timeout: 20_000, interval: 50 },
    )

  it('are the guests of the example, which leave by themselves', async () => {
    const room = (act: string, ...args: unknown[]) =>
      server.ask('/', { way: 'room', name: 'room', act, args })
    await room('join', 'ada', 2_000)
    await room('join', 'bob', HOUR)
    expect(await room('guests')).toEqual(['ada', 'bob'])
    await vi.waitFor(async () => expect(await room('guests')).toEqual(['bob']), { timeout: 20_000 })
  })

  it('are handled in one wake-up, with what they were set with', async () => {
    const soon = Date.now() + 300
    await ask('plain', 'setAll', [
      ['später \u{1f600}', soon, { payload: { to: ['you'], n: 1.5 } }],
      ['b', soon],
      ['c', soon + HOUR],
    ])
    await fires('plain', 'später \u{1f600} {"to":["you"],"n":1.5}', 'b')
    expect(await ask('plain', 'wakeups')).toBe(1)
    expect((await seen('plain')).standing.map(({ name }) => name)).toEqual(['c'])
  })

  it('go with a transaction that is rolled back, alarm and all', async () => {
    const late = Date.now() + HOUR
    expect(await ask('rolled back', 'set', 'late', late)).toBe(late)
    expect(await ask('rolled back', 'setAndThrow', 'a', late - 1_000)).toEqual({
      alarm: late,
      names: ['late'],
    })
    expect(await ask('rolled back', 'set', 'a', late - 1_000)).toBe(late - 1_000)
  })

  it('are gone with deleteAll, and may be set again', async () => {
    await ask('wiped', 'set', 'a', Date.now() + HOUR)
    expect(await ask('wiped', 'deleteAll')).toEqual([])
    await ask('wiped', 'set', 'b', Date.now())
    await fires('wiped', 'b')
  })

  it('may be set again by their handlers, to the same time', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `again ${i}`)
    const soon = Date.now() + 300
    await Promise.all(names.map((name) => ask(name, 'set', 'a', soon, { payload: { again: '1' } })))
    for (const name of names) await fires(name, 'a {"again":"1"}', 'a {}')
  })

  it('back off by themselves', async () => {
    await ask('failing', 'set', 'bad', Date.now(), { payload: { fails: true } })
    await ask('failing', 'set', 'good', Date.now())
    await fires('failing', 'bad {"fails":true}', 'good', 'bad {"fails":true}')
    expect((await seen('failing')).standing[0]).toMatchObject({ state: 'backing-off', failures: 2 })
  })

  it('come again over a kill, and have their alarm put right when the object is opened', async () => {
    await ask('killed', 'every', 'tick', { interval: 300 })
    await ask('lost', 'set', 'a', Date.now() + 1_500)
    await ask('lost', 'loseAlarm')
    const before = await tickedMore('killed', 0)
    await restart()
    expect(await tickedMore('killed', before)).toBeGreaterThan(before)
    await fires('lost', 'a')
  })
})
