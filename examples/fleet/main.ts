import { rmSync } from 'node:fs'
import { drawTimeline } from 'nolater/marbles'
import { endBySignals } from '../processes/scratch-folder.ts'
import { type Arguments, HELP, readArguments } from './arguments.ts'
import { conduct } from './conductor.ts'
import { doctorSays } from './doctor.ts'
import { drawingWidth } from './drawing-width.ts'
import { folderAt } from './folder.ts'
import { HERO, mix } from './mix.ts'
import { makePlace } from './place.ts'
import { openProgress } from './progress.ts'
import { printRaces, races } from './races.ts'
import { printFaults, printOutcome } from './report.ts'
import { actorsOf, busiestOf, type ScriptLine } from './script.ts'
import { excerpt } from './story.ts'

const MIX_LENGTH = 20_000
const LONGEST_MIX = 60_000
const DURABLE_WRITES = 25_000 // of the mix, roughly
const LONGEST_WAIT = 60_000 // ms after the last line of a file; what is set for later is left standing
const KILLS = 4

/** Long enough for whatever a file asks for, within reason. */
function lengthOf(lines: readonly ScriptLine[]): number {
  const latest = (times: readonly (number | null)[], most = Infinity): number =>
    times.reduce<number>((max, time) => (time !== null && time > max && time <= most ? time : max), 0)
  const lastAsked = latest(lines.map(({ at }) => at))
  return (
    Math.max(
      lastAsked,
      latest(
        lines.map(({ set }) => set),
        lastAsked + LONGEST_WAIT,
      ),
    ) + 1_000
  )
}

// What reads the output has ended (`| head`): so does this, without a word.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

/** The exit code. */
async function run({ script, seed, isSabotaged }: Arguments): Promise<0 | 1> {
  endBySignals() // before there is anything that a signal could leave behind
  const place = makePlace()
  const cleanUp = (): void =>
    rmSync(place.path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  // The host goes by itself when its parent does.
  process.on('exit', cleanUp)

  // On a disk of its own speed, the same work takes its time.
  const mixLength = Math.min(LONGEST_MIX, Math.max(MIX_LENGTH, Math.round(place.fsync * DURABLE_WRITES)))
  const lines = script ?? mix(seed, mixLength)
  const length = script === null ? mixLength : lengthOf(script)
  const actors = actorsOf(lines)
  const kills = Math.max(1, Math.min(KILLS, Math.floor(length / 4_000)))

  console.log(
    `\n${actors.length.toLocaleString('en-US')} actors, ${(length / 1000).toFixed(0)} s, ${kills === 1 ? '1 kill' : `${kills} kills`}; seed ${seed}; files in ` +
      `${place.path}, where a durable write takes ${place.fsync.toFixed(2)} ms\n`,
  )
  const progress = openProgress(process.stdout)
  const hero = script === null ? HERO : busiestOf(lines)
  const plan = { seed, start: Date.now() + 300, length, actors, hero, lines, hasMoods: script === null }
  const outcome = await conduct(plan, place.path, { kills, isSabotaged, watch: progress.show })
  progress.end()

  console.log(`\n${printOutcome(outcome)}\n`)
  console.log(`What happened to ${JSON.stringify(hero)} at first, told by the engine's own events:\n`)
  console.log(
    drawTimeline(excerpt(outcome.story, 90), { format: 'ascii', width: drawingWidth(process.stdout) }),
  )
  console.log(
    'Two races that were met in the field, replayed on a virtual clock: the same intents, the same network, four ways to keep a manager in step.\n',
  )
  console.log(await printRaces(races))

  console.log(
    `\nnolater doctor, of the ${actors.length.toLocaleString('en-US')} files of the actors and their manager:\n`,
  )
  console.log(doctorSays(folderAt(place.path), actors.length))

  const hasFailed = outcome.lost.length > 0 || outcome.late.length > 0
  if (hasFailed) console.log(`\n${printFaults(outcome)}`)
  return hasFailed ? 1 : 0
}

let args: ReturnType<typeof readArguments> | null = null
try {
  args = readArguments()
} catch (error) {
  console.error(`${(error as Error).message}\n\nNothing was run. See npm start -- --help`)
  process.exitCode = 2
}
if (args === 'help') console.log(HELP)
// What nobody foresaw ends the process with its stack and exit code 1.
else if (args !== null) process.exitCode = await run(args)
