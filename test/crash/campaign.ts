import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type KillWindow, type Lateness, latenessOf } from '../../examples/fleet/lateness.ts'
import { random, seedOf } from '../../examples/fleet/random.ts'
import { sqliteManagerPatient } from '../../src/operating/doctor/sqlite-manager-patient.ts'
import { sqliteStorePatient } from '../../src/operating/doctor/sqlite-store-patient.ts'
import { falseAlarms } from '../operating/false-alarms.ts'
import { type Ack, gatherCrew } from './crew.ts'
import { type Fault, pick, type World } from './faults/fault.ts'
import { chooseKill } from './faults/kill.ts'
import type { HostProcess } from './host-process.ts'
import { steppedClock } from './machine-clock.ts'
import { outsideCheck } from './outside-check.ts'
import { actorFile, clockFile, LEASE, managerFile, type Plan } from './plan.ts'
import type { SmallDisk } from './small-disk.ts'

export interface CampaignOptions {
  readonly plan: Plan
  readonly disk: SmallDisk | null
  readonly kills: number
  /** ends the kills sooner */
  readonly seconds: number
  readonly faults: readonly Fault[]
  /** each fault in its turn, one before each kill, and all of them; otherwise now and then one */
  readonly inTurn?: boolean
  /** at the first thing that is wrong */
  readonly stopsAtFault?: boolean
  watch?(line: string): void
}

/** How often a fault was begun, and how often a host said that it met with it. */
interface Met {
  begun: number
  felt: number
}

export interface Outcome {
  readonly kills: number
  readonly lives: number
  readonly seconds: number
  readonly looks: number
  readonly disturbed: number
  /** how often the doctor examined all files, after a kill */
  readonly examined: number
  readonly acked: number
  readonly intents: number
  readonly runs: number
  readonly owed: number
  readonly clockSteps: number
  readonly reopened: number
  readonly met: ReadonlyMap<string, Met>
  /** what hosts said of errors, by code */
  readonly errors: ReadonlyMap<string, number>
  readonly lateness: { undisturbed: Lateness; killed: Lateness }
  readonly violations: readonly string[]
  readonly evidence: string
}

const DAY = 86_400_000
const LOOK_EVERY = 10 // ms
const BITES = 1_500 // ms until a fault is felt, or not
const PATIENCE = 5 // rounds without progress at the end
const QUIET = 3_000 // ms without a word ends a round
const LONGEST = 60_000 // ms, of a round in which they talk but nothing comes of it

/** Runs hosts, kills them at random points under all kinds of trouble, and looks at the files after each kill. */
export async function campaign(options: CampaignOptions): Promise<Outcome> {
  const { plan, disk, faults, inTurn = false, stopsAtFault = false } = options
  const chance = random(seedOf(plan.seed, 'campaign'))
  const glance = random(seedOf(plan.seed, 'looks')) // how many there are depends on the machine
  const planFile = join(plan.path, 'plan.json')
  writeFileSync(planFile, JSON.stringify(plan))

  const violations: string[] = []
  const accuse = (found: readonly string[]): void => {
    for (const what of found) if (!violations.includes(what)) violations.push(what)
  }
  const clock = steppedClock(clockFile(plan))
  const check = outsideCheck(plan)
  const crew = gatherCrew(plan, planFile, (what) => accuse([`DIED  ${what}`]))
  const met = new Map(faults.map(({ name }): [string, Met] => [name, { begun: 0, felt: 0 }]))
  const windows: KillWindow[] = []
  const started = Date.now()
  let unfound: Ack[] = [] // in no store that could be read so far
  let kills = 0
  let examined = 0
  let turn = 0

  const world = (): World => ({ plan, clock, disk, hosts: crew.alive, chance })

  /** Everybody alive goes on meanwhile; the check is sound all the same. Whoever was told "it is durable" must find it so. */
  function look(isLast = false): void {
    accuse(check.look())
    unfound.push(...crew.takeAcks())
    const ops = new Map([...new Set(unfound.map(({ key }) => key))].map((key) => [key, check.committed(key)]))
    unfound = unfound.filter(({ key, op }) => {
      const committed = ops.get(key) ?? null
      if (committed === null && !isLast) return true
      if (committed?.has(op) !== true) {
        accuse([`LOST  ${key}: intent ${op} was confirmed, and is not in the store`])
      }
      return false
    })
  }

  /** Hosts that are broken on purpose leave what it rightly names. */
  async function askDoctor(): Promise<void> {
    if (plan.sabotage !== 'none') return
    const { isExamined, found } = await falseAlarms(() => {
      const manager = sqliteManagerPatient(managerFile(plan))
      const files = plan.actors.map((key) => actorFile(plan, key)).filter(existsSync)
      return { manager, stores: files.map((file) => sqliteStorePatient(file, manager.manager)) }
    })
    if (isExamined) examined++
    accuse(found)
  }

  async function kill(victims: readonly HostProcess[]): Promise<void> {
    const from = Date.now()
    await Promise.all(victims.map((host) => host.kill()))
    kills += victims.length
    look()
    await askDoctor()
    windows.push({ from, to: Date.now() + LEASE })
  }

  function nextFault(): Fault | undefined {
    if (inTurn) return faults[turn++ % faults.length]
    return faults.length > 0 && chance() < 0.6 ? pick(chance, faults) : undefined
  }

  async function begin({ name, bite, ...fault }: Fault): Promise<() => void> {
    const end = fault.begin(world())
    if (end === null) return () => {}
    const counts = met.get(name)!
    counts.begun++
    if (bite === null || (await crew.heard((line) => bite.test(line), BITES))) counts.felt++
    return end
  }

  async function killOnce(): Promise<void> {
    const { victims, lines, ms } = chooseKill(world())
    const first = victims[0]!
    const enough = first.said + lines
    const until = Date.now() + ms
    while (first.isAlive && first.said < enough && Date.now() < until) {
      await crew.heard(() => first.said >= enough, Math.min(LOOK_EVERY, until - Date.now()))
      accuse(check.look([pick(glance, plan.actors), pick(glance, plan.actors)]))
    }
    await kill(victims)
    crew.start('busy')
  }

  /**
   * Nobody asks for anything new, nothing else goes wrong, and the clock goes a day ahead, so that every alarm is due: what is still there
   * when all leases and back-offs have ended, which no clock makes shorter, is lost. All are dead when the clock is stepped: no old write is
   * under way.
   */
  async function settle(): Promise<void> {
    let left = Infinity
    for (let patience = PATIENCE; patience > 0 && left > 0; patience--) {
      await kill(crew.alive)
      clock.step(DAY)
      crew.start('quiet')
      await crew.ready()
      const before = left
      left = check.pending()
      const until = Date.now() + LONGEST
      const silence = Math.min(QUIET + check.rest(), LONGEST)
      while (left > 0 && Date.now() < until && (await crew.heard(() => true, silence))) left = check.pending()
      if (left < before) patience = PATIENCE
    }
  }

  const mustStop = (): boolean => stopsAtFault && violations.length > 0
  const isOver = (): boolean => {
    if (mustStop() || Date.now() - started > options.seconds * 1_000) return true
    return kills >= options.kills && !(inTurn && turn < faults.length)
  }

  crew.start('busy')
  await crew.heard((line) => line.startsWith('done'), LONGEST) // something has happened before anything goes wrong
  let undo = (): void => {}
  let lasts = 0
  while (!isOver()) {
    if (lasts-- <= 0) {
      undo()
      undo = () => {}
      const fault = nextFault()
      if (fault !== undefined) undo = await begin(fault)
      lasts = inTurn ? 0 : Math.floor(chance() * 3)
    }
    await killOnce()
    const sum = `${kills} kills, ${check.looks} looks, ${crew.acked} intents confirmed`
    options.watch?.(`${sum}, ${violations.length} violations`)
  }
  undo()
  const isCut = mustStop()
  if (!isCut) await settle()
  await kill(crew.alive)
  look(true)

  const judged = isCut ? [] : check.judgeAll(clock)
  for (const { key, lost, early, usurped } of judged) {
    accuse(lost.map((why) => `LOST  ${key}: ${why}`))
    accuse(early.map((why) => `EARLY ${key}: ${why}`))
    accuse(usurped.map((why) => `FENCE ${key}: ${why}`))
  }
  const suspect = violations.find((what) => /actor-\d+/.test(what))
  const evidence = suspect === undefined ? '' : check.evidence(/actor-\d+/.exec(suspect)![0], suspect)
  const lines = judged.flatMap((actor) => actor.lines)
  const owed = judged.flatMap((actor) => actor.owed)
  return {
    kills,
    lives: crew.lives,
    seconds: (Date.now() - started) / 1_000,
    looks: check.looks,
    disturbed: check.disturbed,
    examined,
    acked: crew.acked,
    intents: lines.filter(({ kind }) => kind === 'set' || kind === 'delete').length,
    runs: lines.filter(({ kind }) => kind === 'began').length,
    owed: owed.length,
    clockSteps: clock.steps,
    reopened: judged.reduce((sum, actor) => sum + (actor.lines.at(-1)?.epoch ?? 1) - 1, 0),
    met,
    errors: crew.errors,
    lateness: latenessOf(owed, windows),
    violations,
    evidence,
  }
}
