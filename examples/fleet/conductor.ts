import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { mergeTimelines, type Timeline } from 'nolater/marbles'
import { type Folder, folderAt } from './folder.ts'
import { startHost } from './host-process.ts'
import type { Owed } from './judge.ts'
import { type KillWindow, type Lateness, latenessOf } from './lateness.ts'
import { type Late, type OutsideCheck, outsideCheck } from './outside-check.ts'
import { random, seedOf } from './random.ts'
import { sabotage } from './sabotage.ts'
import { LEASE, type Plan } from './script.ts'
import { type Counted, readTallies } from './tally.ts'

/** What is known while a run is under way. */
export interface Progress {
  readonly elapsed: number
  readonly phase: string
  readonly kills: number
  readonly looks: number
  readonly late: number
  readonly counts: Record<Counted, number>
}

/** An alarm that was not delivered as it should have been, or an intent that did not come through. */
export interface Fault {
  readonly key: string
  readonly why: string
}

/** What a run came to. */
export interface Outcome {
  readonly counts: Record<Counted, number>
  readonly actors: number
  readonly reopened: number
  readonly kills: number
  readonly committedIntents: number
  readonly delivered: number
  readonly owed: readonly Owed[]
  readonly lost: readonly Fault[]
  /** what the files say of the first actor with whom something went wrong */
  readonly evidence: string
  readonly early: number
  readonly late: readonly Late[]
  /** looks while the actors were at work, and looks at all of them after a kill or at the end */
  readonly looks: number
  readonly exactLooks: number
  readonly undisturbed: Lateness
  readonly killed: Lateness
  readonly story: Timeline
}

const LOOKS = 40 // at a time
const PAUSE = 25 // ms between them
const PATIENCE = 20_000 // ms without progress at the end: what failed several times is tried again after many seconds

/** Runs a plan: starts the host, kills it, starts it again, and looks at the databases all the time, with its own eyes. */
export async function conduct(
  plan: Plan,
  path: string,
  options: { kills: number; isSabotaged: boolean; watch(progress: Progress): void },
): Promise<Outcome> {
  const folder = folderAt(path)
  writeFileSync(folder.plan, JSON.stringify(plan))
  const { start, length, actors } = plan
  const end = start + length
  const check = outsideCheck(folder.manager, { keys: actors, fileOf: folder.actor })
  const chance = random(seedOf(plan.seed, 'conductor'))
  const windows: KillWindow[] = []
  const late: Late[] = []
  let lives = 0
  let looks = 0
  let exactLooks = 0
  let watchedAt = 0

  const counts = (): Record<Counted, number> => {
    return readTallies(Array.from({ length: lives }, (_, life) => folder.tally(life)))
  }

  function watch(phase: string): void {
    if (Date.now() - watchedAt < 200) return
    watchedAt = Date.now()
    options.watch({
      elapsed: watchedAt - start,
      phase,
      kills: windows.length,
      looks,
      late: late.length,
      counts: counts(),
    })
  }

  async function lookUntil(time: number, phase: string): Promise<void> {
    while (Date.now() < time) {
      host.checkAlive()
      for (let i = 0; i < LOOKS; i++) {
        const seen = check.look(Math.floor(chance() * actors.length))
        if (seen === null) continue
        looks++
        if (seen.late !== null) late.push(seen.late)
      }
      watch(phase)
      await sleep(PAUSE)
    }
  }

  /** Nobody writes now: whatever is later than its store has no excuse. */
  function lookExactly(): void {
    const all = check.lookAtAll()
    exactLooks += all.looks
    late.push(...all.late)
  }

  /** Waits until all was asked and all that is owed by the end was delivered; not for ever, because what is lost never comes. */
  async function settle(): Promise<void> {
    const pending = (): number => check.owed(end) + unanswered(plan, plan.lines.length, check).length
    let patientUntil = Date.now() + PATIENCE
    for (let left = pending(), before = left; left > 0 && Date.now() < patientUntil; before = left) {
      await lookUntil(Date.now() + 200, 'draining')
      left = pending()
      if (left !== before) patientUntil = Date.now() + PATIENCE
    }
  }

  async function killAndRestart(): Promise<void> {
    const from = Date.now()
    await host.kill()
    if (options.isSabotaged && windows.length === 0) sabotage(folder.manager, end)
    lookExactly()
    writeFileSync(folder.again(lives), JSON.stringify(unanswered(plan, counts().taken, check)))
    host = await startHost(path, lives, counts().taken)
    lives++
    windows.push({ from, to: Date.now() + LEASE })
  }

  let host = await startHost(path, 0, 0)
  lives = 1
  for (let i = 1; i <= options.kills; i++) {
    // Not at the same place in each interval, and never at a good moment.
    const killAt = start + ((i + (chance() - 0.5) / 2) * length) / (options.kills + 1)
    await lookUntil(killAt, '')
    watch('SIGKILL')
    await killAndRestart()
  }
  await lookUntil(end, '')
  await settle()

  await host.finish()
  lookExactly()
  const judged = check.judgeAll(end)
  const unasked = unanswered(plan, plan.lines.length, check).map((line) => plan.lines[line]!)

  const owed = judged.flatMap(({ judgement }) => judgement.owed)
  const lines = judged.flatMap((actor) => actor.lines)
  const lost: Fault[] = [
    ...judged.flatMap(({ key, judgement }) => judgement.lost.map((why) => ({ key, why }))),
    ...unasked.map(({ actor, at }) => ({ key: actor, why: `what it asked at ${at} ms was never committed` })),
  ]
  const suspect = lost[0]?.key ?? late[0]?.key
  const evidence = suspect === undefined ? '' : check.evidence(suspect)
  check.close()
  const countOf = (...kinds: string[]): number => lines.filter(({ kind }) => kinds.includes(kind)).length
  return {
    counts: counts(),
    actors: judged.length,
    reopened: judged.reduce((sum, { epoch }) => sum + epoch - 1, 0),
    kills: windows.length,
    committedIntents: countOf('set', 'delete'),
    delivered: countOf('began'),
    owed,
    lost,
    evidence,
    early: judged.reduce((sum, { judgement }) => sum + judgement.early, 0),
    late,
    looks,
    exactLooks,
    ...latenessOf(owed, windows),
    story: readStory(folder, lives),
  }
}

/** What a client would ask again whose request was cut off: the newest line of each actor, if it was taken and is not committed. */
function unanswered({ lines }: Plan, taken: number, check: OutsideCheck): number[] {
  const answered = check.answered()
  const newest = new Map<string, number>()
  lines.slice(0, taken).forEach(({ actor }, line) => {
    newest.set(actor, line)
  })
  return [...newest].filter(([actor, line]) => line > (answered.get(actor) ?? -1)).map(([, line]) => line)
}

function readStory(folder: Folder, lives: number): Timeline {
  const chapters: Timeline[] = []
  for (let life = 0; life < lives; life++) {
    for (let chapter = 0; existsSync(folder.story(life, chapter)); chapter++) {
      chapters.push(JSON.parse(readFileSync(folder.story(life, chapter), 'utf8')))
    }
  }
  return mergeTimelines(...chapters)
}
