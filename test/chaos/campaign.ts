import { postgresManager } from 'nolater/postgres'
import { type Lateness, latenessOf } from '../../examples/fleet/lateness.ts'
import { random, seedOf } from '../../examples/fleet/random.ts'
import { postgresPatients } from '../../src/operating/doctor/postgres-patients.ts'
import { pick } from '../crash/faults/fault.ts'
import { judge } from '../crash/judge.ts'
import { falseAlarms } from '../operating/false-alarms.ts'
import { sleep } from '../postgres/rig.ts'
import type { Server } from '../postgres/server.ts'
import { gatherCrew } from './crew.ts'
import { faults } from './faults.ts'
import { readTables, watchTables } from './outside-check.ts'
import { rivalsOf } from './owners.ts'
import { HELD_LONGER, LEASE, type Plan } from './plan.ts'
import { keepCommitTimes, makeTables } from './tables.ts'
import { faultsOf, isSlow, type Span, waitsOf } from './waits.ts'

export interface CampaignOptions {
  readonly plan: Plan
  readonly server: Server
  readonly kills: number
  /** ends the kills sooner */
  readonly seconds: number
  /** at the first thing that is wrong */
  readonly stopsAtFault?: boolean
  watch?(line: string): void
}

export interface Outcome {
  readonly kills: number
  readonly lives: number
  readonly seconds: number
  readonly looks: number
  /** how often the doctor examined the tables, after a kill */
  readonly examined: number
  readonly acked: number
  readonly intents: number
  readonly runs: number
  readonly owed: number
  /** how often each fault struck */
  readonly struck: ReadonlyMap<string, number>
  readonly errors: ReadonlyMap<string, number>
  readonly lateness: { readonly undisturbed: Lateness; readonly killed: Lateness }
  /** ms that an alarm waited for nobody knows what, at most */
  readonly idle: number
  readonly violations: readonly string[]
}

const RECOVERS = 1_500 // ms until everybody is connected again, and looks
const CALM = LEASE + HELD_LONGER
const LONGEST = 120_000 // ms, of settling

/** Kills workers under all kinds of trouble, while somebody looks at the tables; then judges what they prove. */
export async function campaign(options: CampaignOptions): Promise<Outcome> {
  const { plan, server, kills: asked, seconds, stopsAtFault = false, watch = () => {} } = options
  const chance = random(seedOf(plan.seed, 'chaos'))
  const violations: string[] = []
  const accuse = (found: readonly string[]): void => {
    for (const what of found) if (!violations.includes(what)) violations.push(what)
  }
  const struck = new Map(faults.map(({ name }) => [name, 0]))
  const away: Span[] = []
  const killed: Span[] = []
  let started = Date.now()
  let kills = 0
  let examined = 0

  await keepCommitTimes(server)
  await prepare(plan)
  await makeTables(server, plan.schema)
  const tables = watchTables(server, plan, accuse)
  const crew = gatherCrew(plan, (what) => accuse([`DIED  ${what}`]))
  const isOver = (): boolean =>
    kills >= asked || Date.now() - started > seconds * 1_000 || (stopsAtFault && violations.length > 0)

  /** Somebody dies in the middle of something; now and then all of them, as when a machine does. */
  async function kill(): Promise<void> {
    const victims = chance() < 0.1 ? crew.alive : [pick(chance, crew.alive)]
    const enough = victims[0]!.said + 1 + Math.floor(chance() ** 2 * 150)
    const until = Date.now() + (chance() < 0.75 ? 1_200 : chance() * 400)
    while (victims[0]!.isAlive && victims[0]!.said < enough && Date.now() < until) await sleep(5)
    await killAll(victims)
    crew.start('busy')
    if (victims.length > 1) await allDead(() => Promise.race(crew.alive.map(({ ready }) => ready)))
  }

  async function killAll(victims: typeof crew.alive): Promise<void> {
    const from = Date.now()
    await crew.kill(victims)
    kills += victims.length
    killed.push({ from, to: Date.now() + CALM })
  }

  /** Hosts that are broken on purpose leave what it rightly names. */
  async function askDoctor(): Promise<void> {
    if (plan.sabotage !== 'none') return
    const { isExamined, found } = await falseAlarms(() =>
      postgresPatients(plan.connectionString, plan.schema),
    )
    if (isExamined) examined++
    accuse(found)
  }

  /** Nobody is alive until somebody is. */
  async function allDead(alive: () => Promise<unknown>): Promise<void> {
    const from = Date.now() - 100
    await alive()
    away.push({ from, to: Date.now() + RECOVERS })
  }

  async function strike(turn: number): Promise<void> {
    const fault = turn < faults.length ? faults[turn]! : pick(chance, faults)
    const from = Date.now()
    await fault.strike({ plan, server, chance })
    away.push({ from, to: Date.now() + RECOVERS })
    struck.set(fault.name, struck.get(fault.name)! + 1)
  }

  /** Something was confirmed before anything goes wrong: on a machine that is busy with other things, workers may die before. */
  async function firstAck(): Promise<void> {
    const end = Date.now() + LONGEST
    while (crew.acks.length === 0 && violations.length === 0 && Date.now() < end) await sleep(5)
  }

  /** Nobody asks for anything new, and nothing else goes wrong: what is still there at the end of all leases and back-offs is lost. */
  async function settle(): Promise<void> {
    await killAll(crew.alive)
    crew.start('quiet')
    await allDead(() => Promise.all(crew.alive.map(({ ready }) => ready)))
    const end = Date.now() + LONGEST
    while ((await tables.pending()) > 0 && Date.now() < end) await sleep(100)
  }

  crew.start('busy')
  await allDead(() => Promise.all(crew.alive.map(({ ready }) => ready)))
  await firstAck()
  started = Date.now() // not before: how long processes take to start is the machine's
  for (let turn = 0; !isOver(); turn++) {
    if (turn > faults.length && chance() < 0.08) await sleep(2 * CALM) // to see how late it is when nothing is wrong
    // Kills go on while it strikes.
    const striking = stopsAtFault || (turn >= faults.length && chance() < 0.5) ? null : strike(turn)
    await kill()
    await askDoctor()
    await striking
    watch(
      `${kills} kills, ${tables.looks} looks, ${crew.acks.length} intents confirmed, ${violations.length} violations`,
    )
  }
  if (!stopsAtFault) await settle()
  await killAll(crew.alive)
  await tables.stop()

  const rows = await readTables(server, plan)
  const waits = rows.flatMap(({ key, lines, history }) => waitsOf(key, lines, history, away))
  for (const { key, lines, history, alarm } of rows) {
    accuse(faultsOf(history))
    accuse(
      rivalsOf(
        crew.runs.filter((run) => run.key === key),
        history,
      ),
    )
    const ops = new Set(lines.map(({ op }) => op))
    const unfound = crew.acks.filter((ack) => ack.key === key && !ops.has(ack.op))
    accuse(unfound.map(({ op }) => `LOST  ${key}: intent ${op} was confirmed, and is not in the store`))
    if (stopsAtFault) continue // it was cut: nothing need have come to its end
    const { lost, early, usurped } = judge(lines, alarm, worldsClock)
    accuse(lost.map((why) => `LOST  ${key}: ${why}`))
    accuse(early.map((why) => `EARLY ${key}: ${why}`))
    accuse(usurped.map((why) => `FENCE ${key}: ${why}`))
  }
  accuse(
    waits
      .filter(isSlow)
      .map(
        ({ key, time, idle }) =>
          `SLOW  ${key}: the alarm ${time} waited for ${Math.round(idle)} ms for nobody knows what`,
      ),
  )
  const lines = rows.flatMap((row) => row.lines)
  const owed = waits.map(({ from, to }) => ({ time: from, began: to }))
  return {
    kills,
    lives: crew.lives,
    seconds: (Date.now() - started) / 1_000,
    looks: tables.looks,
    examined,
    acked: crew.acks.length,
    intents: lines.filter(({ kind }) => kind === 'set' || kind === 'delete').length,
    runs: lines.filter(({ kind }) => kind === 'began').length,
    owed: owed.length,
    struck,
    errors: crew.errors,
    lateness: latenessOf(owed, [...killed, ...away]),
    idle: Math.max(0, ...waits.map(({ idle }) => idle)),
    violations,
  }
}

/** Nobody steps the clock in these runs. */
const worldsClock = { firstShown: (time: number, since: number) => Math.max(time, since) }

async function prepare({ connectionString, schema }: Plan): Promise<void> {
  const manager = postgresManager({ connectionString, schema })
  await manager.ready()
  await manager.close()
}
