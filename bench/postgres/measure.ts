import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import type { Entry } from './queue.ts'

/** How alarms are set: by so many at a time who each wait for their own, or so many in one call. */
export interface Way {
  readonly name: string
  readonly count: number
  readonly callers?: number
  readonly inOneCall?: number
}

export const ways: readonly Way[] = [
  { name: 'one by one', count: 300, callers: 1 },
  { name: '10 at a time', count: 1_000, callers: 10 },
  { name: '200 at a time', count: 2_000, callers: 200 },
  { name: '1,000 in a call', count: 10_000, inOneCall: 1_000 },
]

/** ms between alarms */
export const gaps = [40, 5] as const

export interface Measured {
  readonly setsPerSecond: readonly number[]
  /** from the first handler until nothing is left to do in the database */
  readonly firesPerSecond: number
  /** for each of the gaps */
  readonly lateness: readonly { readonly p50: number; readonly p99: number; readonly max: number }[]
  readonly wrong: readonly string[]
}

const HOUR = 3_600_000
const PATIENCE = 60_000

/** One contender on one server, in schemas of its own. */
export async function measure(
  { open }: Entry,
  connectionString: string,
  schema: string,
  share: number,
): Promise<Measured> {
  const setsPerSecond: number[] = []
  const setter = await open(connectionString, `${schema}_set`, null)
  await setter.many(keysOf('warm', 1_000), Date.now() + HOUR)
  for (const way of ways) setsPerSecond.push(await set(setter, way, share))
  await setter.close()

  const wrong: string[] = []
  const count = Math.ceil(10_000 / share)
  const record = openRecord()
  const filler = await open(connectionString, `${schema}_fire`, null)
  await setMany(filler, keysOf('due', count), Date.now() - 1_000)
  await filler.close()
  const worker = await open(connectionString, `${schema}_fire`, record.fired)
  await record.until(count)
  const gone = await allGone(connectionString, `${schema}_fire`)
  const firesPerSecond = count / ((gone - record.first()) / 1_000)

  const lateness: { p50: number; p99: number; max: number }[] = []
  const another = await open(connectionString, `${schema}_fire`, null)
  let before = count
  for (const gap of gaps) {
    const n = Math.ceil(8_000 / gap / Math.sqrt(share))
    const start = Date.now() + 1_500
    const due = new Map(keysOf(`every-${gap}`, n).map((key, i) => [key, start + i * gap]))
    // Half of them by the process that delivers, half by somebody else.
    await Promise.all([...due].map(([key, time], i) => (i % 2 ? worker : another).one(key, time)))
    before += n
    await record.until(before)
    const late = [...due].map(([key, time]) => record.at(key) - time).toSorted((a, b) => a - b)
    const at = (p: number): number => late[Math.ceil(p * late.length) - 1]!
    lateness.push({ p50: at(0.5), p99: at(0.99), max: at(1) })
    if (late[0]! < 0) wrong.push('fired early')
  }
  await sleep(500) // whoever fires twice does so by then
  if (record.twice() > 0) wrong.push(`${record.twice()} fired twice`)
  await Promise.all([worker.close(), another.close()])
  return { setsPerSecond, firesPerSecond, lateness, wrong }
}

function keysOf(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}-${i}`)
}

type Setter = Awaited<ReturnType<Entry['open']>>

/** Alarms set a second; all far away. */
async function set(
  queue: Setter,
  { name, callers = 1, inOneCall, ...way }: Way,
  share: number,
): Promise<number> {
  const count = Math.ceil(way.count / share)
  const keys = keysOf(name, count)
  const time = Date.now() + HOUR
  const begin = performance.now()
  if (inOneCall !== undefined) await setMany(queue, keys, time)
  else {
    const left = keys.values()
    const call = async (): Promise<void> => {
      for (const key of left) await queue.one(key, time)
    }
    await Promise.all(Array.from({ length: callers }, call))
  }
  return count / ((performance.now() - begin) / 1_000)
}

async function setMany(queue: Setter, keys: readonly string[], time: number): Promise<void> {
  for (let i = 0; i < keys.length; i += 1_000) await queue.many(keys.slice(i, i + 1_000), time)
}

/** When no job is left: a handler that has ended is not yet a job that is done. */
async function allGone(connectionString: string, schema: string): Promise<number> {
  const client = new Client({ connectionString })
  await client.connect()
  try {
    for (;;) {
      const { rows } = await client.query(`SELECT FROM ${schema}._private_jobs LIMIT 1`)
      if (rows.length === 0) return Date.now()
      await sleep(10)
    }
  } finally {
    await client.end()
  }
}

function openRecord() {
  const firedAt = new Map<string, number>()
  let again = 0
  return {
    fired(key: string, at: number): void {
      if (firedAt.has(key)) again++
      else firedAt.set(key, at)
    },
    at: (key: string): number => firedAt.get(key)!,
    first: (): number => Math.min(...firedAt.values()),
    twice: (): number => again,
    async until(count: number): Promise<void> {
      const end = Date.now() + PATIENCE
      while (firedAt.size < count) {
        if (Date.now() > end)
          throw new Error(`${count - firedAt.size} of ${count} have not fired in a minute`)
        await sleep(20)
      }
    },
  }
}
