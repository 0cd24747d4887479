import { setTimeout as sleep } from 'node:timers/promises'
import { postgresManager } from 'nolater/postgres'
import { lastValueFrom } from 'rxjs'
import { dice } from '../../dice.ts'
import { openCrew } from './crew.ts'
import { type Database, openDatabase, type Setting } from './database.ts'
import { type Lateness, lookFromOutside } from './outside.ts'
import { SCHEMA, TABLES } from './tables.ts'
import { strike, troublesOf } from './troubles.ts'

const PROCESSES = 4
const ROUND = 50 // faults, after which there is none for a while
const LOADED = 2_000 // alarms that are written while the tables are brought further

export interface CampaignOptions extends Setting {
  readonly faults: number
  readonly seed: number
  readonly sabotage: string
  watch(line: string): void
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
export async function troubleFleet(options: CampaignOptions): Promise<Found> {
  const database = await openDatabase(options)
  try {
    return await trouble(database, options)
  } finally {
    await database.stop()
  }
}

async function trouble(
  database: Database,
  { faults, seed, sabotage, watch, ...setting }: CampaignOptions,
): Promise<Found> {
  const roll = dice(seed)
  const counts: Record<string, number> = {}
  const outside = lookFromOutside(database)
  await database.query(TABLES)
  const loading = await loadOlder(database)
  if (setting.isLeast) await bringFurther(database) // no right of its processes
  const connectionString = await database.connect(SCHEMA)
  const environment = { DATABASE_URL: connectionString, SABOTAGE: sabotage }
  const crew = openCrew({ size: PROCESSES, environment, roll, watch })
  const troubles = troublesOf(setting, { crew, database, roll })
  try {
    crew.fill()
    await sleep(3_000)
    const loaded = await loading.end()
    outside.begin()
    for (let fault = 1; fault <= faults; fault++) {
      const name = await strike(troubles, roll)
      counts[name] = (counts[name] ?? 0) + 1
      crew.fill()
      watch(`${fault} of ${faults}: ${name}; ${crew.acknowledged.length} wishes, ${outside.state}`)
      await sleep(100 + roll(900))
      if (fault % ROUND === 0 || fault === faults) await outside.rest()
    }
    await crew.stop()
    const found = await outside.end(crew.acknowledged, loaded)
    return { faults: counts, acknowledged: crew.acknowledged.length, ...found }
  } finally {
    await crew.stop()
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
