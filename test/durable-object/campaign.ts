import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as rest } from 'node:timers/promises'
import { serveWorkerd, type Workerd } from '../../bench/serve-workerd.ts'
import { dice } from '../dice.ts'
import { bundleActors } from './serve-actors.ts'

export const ways = ['timers', 'sdk', 'docs', 'await'] as const
type Way = (typeof ways)[number]

/** What a way of keeping timers came to, over all kills. */
export interface Outcome {
  /** timers whose set was answered */
  readonly answered: number
  /** fires that are in the objects' state */
  readonly fires: number
  /** answered, and not fired though it was due 10 s ago */
  readonly lost: number
  /** stand in an object's state though they were due 10 s ago, answered or not: no alarm has come for them */
  readonly stuck: number
  /** fired more than 2 s after their time, though the process was there */
  readonly late: number
  /** fired before their time */
  readonly early: number
  /** fired more than once: a handler that takes a moment was cut off by a kill */
  readonly again: number
}

interface Fired {
  readonly name: string
  readonly time: number
  readonly at: number
}

interface Seen {
  readonly fires: readonly Fired[]
  readonly standing: readonly { readonly name: string; readonly time: number }[]
}

const nothing = { answered: 0, fires: 0, lost: 0, stuck: 0, late: 0, early: 0, again: 0 }
const OBJECTS = 5 // of each way in each life
const GRACE = 10_000
const LATE = 2_000

/** Kills a workerd so many times while objects set timers and handle them, and looks at what has fired. */
export async function killObjects<W extends Way>(
  kills: number,
  seed: number,
  among: readonly W[],
): Promise<Record<W, Outcome>> {
  const directory = mkdtempSync(join(tmpdir(), 'nolater-objects-'))
  const disk = join(directory, 'disk')
  mkdirSync(disk)
  const roll = dice(seed)
  const answered = new Map<string, Map<string, number>>()
  const begins: number[] = []
  let last = 0
  try {
    const config = await bundleActors(directory)
    for (let kill = 0; kill < kills; kill++) {
      const server = await serveWorkerd(config, disk)
      begins.push(Date.now())
      for (const way of among) await server.ask('/', { way, name: 'awake', act: 'seen', args: [] })
      const begun = Date.now()
      const asked = among.flatMap((way) => {
        const names = Array.from({ length: OBJECTS }, (_, i) => `${way} ${kill} ${i}`)
        return names.map((name) => live(server, way, name))
      })
      await rest(Math.max(0, begun + 50 + roll(500) - Date.now()))
      process.kill(server.pid, 'SIGKILL')
      await Promise.all(asked)
      await server.close()
    }
    const server = await serveWorkerd(config, disk)
    begins.push(Date.now())
    await rest(Math.max(0, last + GRACE - Date.now()))
    const outcomes = await outcomeOf(server)
    await server.close()
    return outcomes
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  }

  function begunBefore(at: number): number {
    return begins.findLast((begun) => begun <= at) ?? 0
  }

  /** Sets timers one after the other, each as soon as the one before was answered, until the process is gone. */
  async function live(server: Workerd, way: Way, object: string): Promise<void> {
    const known = new Map<string, number>()
    answered.set(object, known)
    for (let i = 0; ; i++) {
      const name = `${i} ${roll(2) === 0 ? 'slow' : 'quick'}`
      const time = Date.now() + 20 + roll(i % 3 === 0 ? 3_000 : 150)
      last = Math.max(last, time)
      try {
        await server.ask('/', { way, name: object, act: 'set', args: [name, time] })
      } catch {
        return
      }
      known.set(name, time)
      await rest(roll(30))
    }
  }

  async function outcomeOf(server: Workerd): Promise<Record<W, Outcome>> {
    const counts = new Map(among.map((way) => [way, { ...nothing }]))
    for (const [object, known] of answered) {
      const way = object.split(' ')[0] as W
      const { fires, standing } = (await server.ask('/', {
        way,
        name: object,
        act: 'seen',
        args: [],
      })) as Seen
      const count = counts.get(way)!
      const times = Map.groupBy(fires, ({ name }) => name)
      count.answered += known.size
      count.fires += fires.length
      count.lost += [...known.keys()].filter((name) => !times.has(name)).length
      count.stuck += standing.filter(({ time }) => time < Date.now() - GRACE).length
      count.late += fires.filter(({ time, at }) => at - Math.max(time, begunBefore(at)) > LATE).length
      count.early += fires.filter(({ time, at }) => at < time).length
      count.again += fires.length - times.size
    }
    return Object.fromEntries(counts) as Record<W, Outcome>
  }
}
