import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as rest } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { dice } from '../dice.ts'

/** What is left of the times of a timer after all those lives. */
export interface Outcome {
  readonly kills: number
  /** effects that are in the actor's state */
  readonly effects: number
  /** times whose effect is there more than once */
  readonly twice: number
  /** times between the first and the last whose effect is not there */
  readonly lost: number
}

const program = fileURLToPath(new URL('./actor-process.ts', import.meta.url))
const sources = new URL('../run-sources.mjs', import.meta.url).href
const INTERVAL = 20 // ms

/** Kills the process of an actor so many times, each a few times after it was ready, and looks at its state. */
export async function killAcrossTimes(kills: number, seed: number): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'nolater-series-'))
  const roll = dice(seed)
  try {
    for (let kill = 0; kill < kills; kill++) await live(directory, 20 + roll(130))
    return outcomeOf(directory, kills)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function live(directory: string, ms: number): Promise<void> {
  const child = fork(program, [directory, `${INTERVAL}`], {
    execArgv: ['--no-warnings', '--import', sources],
    env: { ...process.env, NODE_COMPILE_CACHE: join(directory, 'cache') },
  })
  const leave = (): void => void child.kill('SIGKILL')
  process.once('exit', leave)
  const gone = once(child, 'exit')
  await Promise.race([once(child, 'message'), gone])
  if (child.exitCode !== null) throw new Error(`The process of the actor ended by itself: ${child.exitCode}`)
  await rest(ms)
  child.kill('SIGKILL')
  await gone
  process.off('exit', leave)
}

function outcomeOf(directory: string, kills: number): Outcome {
  const db = new DatabaseSync(join(directory, 'actor.db'))
  const rows = db.prepare('SELECT time, count(*) AS count FROM effect GROUP BY time ORDER BY time').all() as {
    time: number
    count: number
  }[]
  db.close()
  const [first, last] = [rows[0]?.time ?? 0, rows.at(-1)?.time ?? 0]
  return {
    kills,
    effects: rows.reduce((sum, { count }) => sum + count, 0),
    twice: rows.filter(({ count }) => count > 1).length,
    lost: rows.length === 0 ? 0 : (last - first) / INTERVAL + 1 - rows.length,
  }
}
