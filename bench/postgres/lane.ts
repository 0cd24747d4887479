// The process of one contender, which does one thing after the other as it is asked.
import { inspect } from 'node:util'
import { contenders, type Entry } from './contenders.ts'
import type { Answer, Asked, LaneOptions, Orders, Series } from './orders.ts'
import type { Alarm, Queue } from './queue.ts'

const { id, place, mode, processes = 1, lease } = JSON.parse(process.argv[2]!) as LaneOptions
const entry: Entry = contenders[id]
const open = await entry.load()
const actors: number[] = []
const ats: number[] = []
let queue: Queue

function handle(actor: number): Promise<never> | undefined {
  ats.push(Date.now())
  actors.push(actor)
  return mode === 'hang' ? new Promise(() => {}) : undefined
}

function alarmsOf({ first, step, count, start, gap }: Series): Alarm[] {
  return Array.from({ length: count }, (_, i) => ({ actor: first + i * step, time: start + i * gap }))
}

const does: Orders = {
  async open() {
    queue = await open(place, { handle, delivers: mode !== 'set', processes, lease })
  },
  async set(series, { callers = 1, inOneCall }) {
    const alarms = alarmsOf(series)
    const begin = Date.now()
    if (inOneCall !== undefined) {
      for (let i = 0; i < alarms.length; i += inOneCall) await queue.many(alarms.slice(i, i + inOneCall))
    } else {
      const left = alarms.values()
      const call = async (): Promise<void> => {
        for (const alarm of left) await queue.one(alarm)
      }
      await Promise.all(Array.from({ length: callers }, call))
    }
    return { begin, end: Date.now() }
  },
  count: () => actors.length,
  fires: () => ({ actors, ats }),
  close: () => queue.close(),
}

async function answerOf({ order, given }: Asked): Promise<Answer> {
  try {
    return { result: await (does[order] as (...given: readonly unknown[]) => unknown)(...given) }
  } catch (error) {
    return { failure: inspect(error) }
  }
}

process.on('disconnect', () => process.exit())
process.on('message', async (asked: Asked) => process.send!(await answerOf(asked)))
process.send!({ result: 'loaded' } satisfies Answer)
