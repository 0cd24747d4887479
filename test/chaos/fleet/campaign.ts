import { setTimeout as sleep } from 'node:timers/promises'
import { postgresManager } from 'nolater/postgres'
import { lastValueFrom } from 'rxjs'
import { dice } from '../../dice.ts'
import { openCrew } from './crew.ts'
import { type Database, openDatabase, type Setting } from './database.ts'
import { EARLY_ONES, GAPS, LATENESS, LATER, NOW, OPEN, SCHEMA, TABLES, TWO_OWNERS } from './tables.ts'
import { strike, troublesOf } from './troubles.ts'

const PROCESSES = 4
const ROUND = 50 // faults, after which there is none for a while
const QUIET = 20_000 // ms
const PASSED = 10_000 // of them, after which nothing is late any more
const SLACK = 2_000 // that it may be late then
const LOADED = 2_000 // alarms that are written while the tables are brought further

export interface CampaignOptions extends Setting {
  readonly faults: number
  readonly seed: number
  readonly sabotage: string
  watch(line: string): void
}

interface Lateness {
  readonly done: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** What a campaign has found. */
export interface Found {
  readonly faults: Readonly<Record<string, number>>
  readonly violations: readonly string[]
  readonly acknowledged: number
  readonly looks: number
  readonly lateness: { readonly all: Lateness; readonly quiet: Lateness }
}

/** Four processes over one database, and one trouble after the other; an outside look at the tables all the while. */
export async function troubleFleet({
  faults,
  seed,
  sabotage,
  watch,
  ...setting
}: CampaignOptions): Promise<Found> {
  const roll = dice(seed)
  const counts: Record<string, number> = {}
  const violations = new Set<string>()
  const database = await openDatabase(setting)
  const { query } = database
  let looks = 0
  let isOver = false

  async function look(): Promise<void> {
    for (const { key, due, time } of await query<{ key: string; due: number; time: number | null }>(LATER))
      violations.add(`the alarm of ${key} is ${time}, and it wishes ${due}`)
    looks++
  }

  async function watching(): Promise<void> {
    while (!isOver) {
      await look().catch(() => {}) // the server is away
      await sleep(50)
    }
  }

  await query(TABLES)
  const loading = await loadOlder(database)
  if (setting.isLeast) await bringFurther(database) // no right of its processes
  const connectionString = await database.connect(SCHEMA)
  const environment = { DATABASE_URL: connectionString, SABOTAGE: sabotage }
  const crew = openCrew({ size: PROCESSES, environment, roll, watch })
  const troubles = troublesOf(setting, { crew, database, roll })
  crew.fill()
  await sleep(3_000)
  const loaded = await loading.end()
  const looking = watching()
  const begins: number[] = []
  const ends: number[] = []
  const now = async (): Promise<number> =>
    (await query<{ now: number }>(`SELECT ${NOW}::float8 AS now`))[0]?.now as number

  /** Without a fault, what is due is done soon. */
  async function rest(): Promise<void> {
    await sleep(PASSED)
    begins.push(await now())
    await sleep(QUIET - PASSED)
    ends.push(await now())
    for (const { id, key, due } of await query<{ id: string; key: string; due: number }>(OPEN, [SLACK]))
      violations.add(`wish ${id} of ${key}, due at ${due}, is not fulfilled though nothing is wrong`)
  }

  for (let fault = 1; fault <= faults; fault++) {
    const name = await strike(troubles, roll)
    counts[name] = (counts[name] ?? 0) + 1
    crew.fill()
    watch(
      `${fault} of ${faults}: ${name}; ${crew.acknowledged.length} wishes, ${looks} looks, ${violations.size} violations`,
    )
    await sleep(100 + roll(900))
    if (fault % ROUND === 0 || fault === faults) await rest()
  }

  isOver = true
  await looking
  await crew.stop()
  for (const { key } of await query<{ key: string }>(GAPS)) violations.add(`${key} has lost a change`)
  for (const { key, epoch, processes } of await query<{ key: string; epoch: number; processes: string }>(
    TWO_OWNERS,
  ))
    violations.add(`${processes} have both committed ${key} under epoch ${epoch} of its shard`)
  for (const { key, time } of await query<{ key: string; time: string }>(EARLY_ONES))
    violations.add(`the alarm ${time} of ${key} was delivered before its time`)
  const kept = new Set((await query<{ id: string }>('SELECT id FROM wish')).map(({ id }) => String(id)))
  for (const id of crew.acknowledged)
    if (!kept.has(id)) violations.add(`wish ${id} was acknowledged, and is not there`)
  const [left] = await query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM ${SCHEMA}._nolater_alarm WHERE key LIKE 'load %'`,
  )
  if (left?.count !== loaded)
    violations.add(
      `${loaded} alarms were written while the tables were brought further, and ${left?.count} are there`,
    )
  const latenessOf = async (from: readonly number[], to: readonly number[]): Promise<Lateness> =>
    (await query<Lateness>(LATENESS, [from, to]))[0] as Lateness
  const lateness = { all: await latenessOf([0], [8e15]), quiet: await latenessOf(begins, ends) }
  await database.stop()
  return {
    faults: counts,
    violations: [...violations],
    acknowledged: crew.acknowledged.length,
    looks,
    lateness,
  }
}

async function bringFurther({ own }: Database): Promise<void> {
  const manager = postgresManager({ connectionString: `${own}?application_name=owner`, schema: SCHEMA })
  await manager.ready()
  await manager.close()
}

/** Tables as they were before there were fleets, in which a manager goes on to write while the first processes bring them further. */
async function loadOlder({ query, ...database }: Database): Promise<{ end(): Promise<number> }> {
  const manager = postgresManager({ connectionString: database.own, schema: SCHEMA })
  await manager.ready()
  await query(
    `DROP TABLE ${['process', 'shard', 'request'].map((name) => `${SCHEMA}._nolater_${name}`).join()}`,
  )
  await query(`UPDATE ${SCHEMA}._nolater_version SET additions = 1`)
  const later = Date.now() + 86_400_000
  let isOver = false
  let written = 0
  async function write(): Promise<void> {
    while (!isOver && written < LOADED) {
      const key = `load ${written}`
      await lastValueFrom(manager.write(key, later, { key, move: 'earlier', fence: 1, attempt: 1 }), {
        defaultValue: null,
      })
      written++
    }
  }
  const writing = write()
  return {
    async end() {
      isOver = true
      await writing
      await manager.close()
      return written
    },
  }
}
