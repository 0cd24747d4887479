import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { awaitProcess, lastWords } from '../../examples/processes/await-process.ts'
import type { Answer, LaneOptions, Order, Orders } from './orders.ts'

const LIMIT = 180_000 // ms for one thing that it is asked for

/** A process of a contender. */
export interface Lane {
  ask<K extends Order>(order: K, ...given: Parameters<Orders[K]>): Promise<Awaited<ReturnType<Orders[K]>>>
  /** Ends it as a crash does. */
  kill(): Promise<void>
  /** Ends it in order. */
  close(): Promise<void>
}

/** Starts a process, which is ready to open its contender. */
export async function startLane(options: LaneOptions): Promise<Lane> {
  const child = fork(new URL('./lane.ts', import.meta.url), [JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
  })
  lastWords(child)
  await answerOf(child, `that ${options.id} is loaded`)

  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  return {
    async ask(order, ...given) {
      const answering = answerOf(child, order)
      child.send({ order, given })
      return (await answering) as never
    },
    kill,
    async close() {
      const answering = answerOf(child, 'close')
      child.send({ order: 'close', given: [] })
      await answering
      const gone = once(child, 'exit')
      child.disconnect()
      await awaitProcess(child, 'its end', gone, LIMIT)
    },
  }
}

/** Opens contenders at the same time, each in a process of its own, and closes them in the end. */
export async function withLanes<T>(
  all: readonly LaneOptions[],
  use: (lanes: readonly Lane[]) => Promise<T>,
): Promise<T> {
  const starting = all.map(startLane)
  try {
    const lanes = await Promise.all(starting)
    await Promise.all(lanes.map((lane) => lane.ask('open')))
    const result = await use(lanes)
    await Promise.all(lanes.map((lane) => lane.close()))
    return result
  } finally {
    for (const started of await Promise.allSettled(starting))
      if (started.status === 'fulfilled') await started.value.kill()
  }
}

async function answerOf(child: ChildProcess, what: string): Promise<unknown> {
  const [answer] = (await awaitProcess(child, what, once(child, 'message'), LIMIT)) as [Answer]
  if ('failure' in answer) throw new Error(answer.failure)
  return answer.result
}
