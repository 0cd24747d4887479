import type { ContenderId } from './contenders.ts'
import { startLane } from './lanes.ts'
import type { Place } from './queue.ts'
import { recordOf, untilFired } from './record.ts'

export interface TakeOver {
  /** ms from the end of the one process until the other has fired the first of the alarms, and the last */
  readonly first: number
  readonly last: number
  readonly wrong: readonly string[]
}

const OFTEN = 50 // ms

/**
 * How long a process takes over the alarms of another one that is killed when all of them are due, and its handlers are at work on as many as it
 * has at a time. It is opened at that moment.
 */
export async function measureTakeOver(
  id: ContenderId,
  place: Place,
  count: number,
  lease: number,
): Promise<TakeOver> {
  const options = { id, place, lease }
  const dying = await startLane({ ...options, mode: 'hang' })
  const heir = await startLane({ ...options, mode: 'fire' })
  try {
    await dying.ask('open')
    const start = Date.now()
    await dying.ask('set', { first: 0, step: 1, count, start, gap: 0 }, { inOneCall: 1_000 })
    await untilFired([dying], 1, OFTEN)
    await dying.kill()
    const killed = Date.now()
    await heir.ask('open')
    await untilFired([heir], count, OFTEN)
    const { first, last, wrong } = await recordOf([heir], count, () => start)
    await heir.close()
    return { first: first - killed, last: last - killed, wrong }
  } finally {
    await Promise.all([dying.kill(), heir.kill()])
  }
}
