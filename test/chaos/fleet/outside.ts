import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from './database.ts'
import { EARLY_ONES, GAPS, LATENESS, LATER, LOADED, NOW, OPEN, TWO_OWNERS } from './tables.ts'

export interface Lateness {
  readonly done: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

const QUIET = 20_000 // ms
const PASSED = 10_000 // of them, after which nothing is late any more
const SLACK = 2_000 // that it may be late then

/** What is seen in the tables while processes work on them, and when they have ended. */
export function lookFromOutside({ query }: Pick<Database, 'query'>) {
  const violations = new Set<string>()
  const begins: number[] = []
  const ends: number[] = []
  let looks = 0
  let isOver = false
  let looking = Promise.resolve()

  async function look(): Promise<void> {
    for (const { key, due, time } of await query<{ key: string; due: number; time: number | null }>(LATER))
      violations.add(`the alarm of ${key} is ${time}, and it wishes ${due}`)
    looks++
  }

  async function goOn(): Promise<void> {
    while (!isOver) {
      await look().catch(() => {}) // the server is away
      await sleep(50)
    }
  }

  async function now(): Promise<number> {
    const [row] = await query<{ now: number }>(`SELECT ${NOW}::float8 AS now`)
    return (row as { now: number }).now
  }

  async function latenessOf(from: readonly number[], to: readonly number[]): Promise<Lateness> {
    return (await query<Lateness>(LATENESS, [from, to]))[0] as Lateness
  }

  return {
    get state() {
      return `${looks} looks, ${violations.size} violations`
    },
    begin() {
      looking = goOn()
    },
    /** Without a fault, what is due is done soon. */
    async rest(): Promise<void> {
      await sleep(PASSED)
      begins.push(await now())
      await sleep(QUIET - PASSED)
      ends.push((await now()) - SLACK)
      for (const { id, key, due, alarm } of await query<{
        id: string
        key: string
        due: number
        alarm: object
      }>(OPEN, [SLACK]))
        violations.add(
          `wish ${id} of ${key}, due at ${due}, is not fulfilled though nothing is wrong: ${JSON.stringify(alarm)}`,
        )
    },
    /** `loaded` alarms were written while the tables were brought further. */
    async end(acknowledged: readonly string[], loaded: number) {
      isOver = true
      await looking
      for (const { key } of await query<{ key: string }>(GAPS)) violations.add(`${key} has lost a change`)
      const owners = await query<{ key: string; epoch: number; processes: string }>(TWO_OWNERS)
      for (const { key, epoch, processes } of owners)
        violations.add(`${processes} have both committed ${key} under epoch ${epoch} of its shard`)
      for (const { key, time } of await query<{ key: string; time: string }>(EARLY_ONES))
        violations.add(`the alarm ${time} of ${key} was delivered before its time`)
      const kept = new Set((await query<{ id: string }>('SELECT id FROM wish')).map(({ id }) => String(id)))
      for (const id of acknowledged)
        if (!kept.has(id)) violations.add(`wish ${id} was acknowledged, and is not there`)
      const [left] = await query<{ count: number }>(LOADED)
      if (left?.count !== loaded) {
        const there = `${left?.count} are there`
        violations.add(`${loaded} alarms were written while the tables were brought further, and ${there}`)
      }
      const lateness = { all: await latenessOf([0], [8e15]), quiet: await latenessOf(begins, ends) }
      return { violations: [...violations], looks, lateness }
    },
  }
}
