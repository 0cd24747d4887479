import { fork } from 'node:child_process'
import { once } from 'node:events'
import { digits, table } from '../table.ts'

interface Lane {
  readonly activity: 'idle' | 'busy'
  /** `maxActors` */
  readonly most: 'default' | 'none'
}

/** What became of a million actors in a small heap. */
interface Pressed extends Lane {
  /** what the process said in the end; `null` where it died */
  readonly said: {
    readonly loads: number
    readonly inMemory: number
    readonly refused: readonly (readonly [code: string, times: number])[]
    readonly heap: number
    /** ms that ten thousand of them took at most */
    readonly slowest: number
  } | null
}

const ACTORS = 1_000_000
const MEGABYTES = 512
const LONGEST = 300_000 // ms

const lanes: readonly Lane[] = [
  { activity: 'idle', most: 'default' },
  { activity: 'busy', most: 'default' },
  { activity: 'busy', most: 'none' },
]

/** A million actors of one fleet, asked for one after the other, in a heap that has no room for them. */
export async function pressure(): Promise<Pressed[]> {
  const pressed: Pressed[] = []
  for (const lane of lanes) pressed.push({ ...lane, said: await press(lane) })
  console.log(print(pressed))
  return pressed
}

async function press({ activity, most }: Lane): Promise<Pressed['said']> {
  const lane = fork(new URL('./lane.ts', import.meta.url), [activity, String(ACTORS), most], {
    execArgv: [`--max-old-space-size=${MEGABYTES}`],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'], // V8 prints its whole heap before it dies
  })
  const limit = setTimeout(() => lane.kill('SIGKILL'), LONGEST)
  let said: Pressed['said'] = null
  lane.on('message', (message: Pressed['said']) => {
    said = message
    lane.disconnect()
  })
  await once(lane, 'exit')
  clearTimeout(limit)
  return said
}

function print(pressed: readonly Pressed[]): string {
  return table(
    [
      `a million actors, ${MEGABYTES} MB`,
      'maxActors',
      'loaded',
      'in memory',
      'refused',
      'heap',
      '10,000 take at most',
    ],
    pressed.map(({ activity, most, said }) => [
      activity,
      most,
      ...(said === null
        ? ['-', '-', '-', 'out of memory', '-']
        : [
            digits(said.loads),
            digits(said.inMemory),
            said.refused.map(([code, times]) => `${digits(times)} ${code}`).join(', ') || '0',
            `${digits(said.heap / 1e6)} MB`,
            `${digits(said.slowest)} ms`,
          ]),
    ]),
  )
}
