import { Observable } from 'rxjs'
import { expect } from 'vitest'
import type { AlarmDelivery } from '../src/vocabulary/manager.ts'
import type { AlarmTime } from '../src/vocabulary/time.ts'
import { LEASE, type MakeManager, rigOf } from './manager-contract.ts'
import { turns, virtualClock } from './virtual-clock.ts'

type Scope = { readonly key: string } | Record<never, never>

/** Runs a random schedule of writes, answers, failures, leavings and waits, and sees that nothing is early, double or lost. */
export async function runSchedule(make: MakeManager, seed: number): Promise<void> {
  let state = seed
  const random = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
  const clock = virtualClock()
  const { t0, manager, write, deliver } = rigOf(make(clock), clock)
  const keys = ['a', 'b', 'c']
  const fences = new Map<string, number>()
  const newest = new Map<string, { time: AlarmTime; fence: number }>()
  const atWork = new Map<string, { done: () => void; fail: (error: unknown) => void }>()
  const reached = new Set<string>()
  const wrong: string[] = []
  let paused: Scope[] = []
  const isPaused = (own: string): boolean => paused.some((scope) => !('key' in scope) || scope.key === own)

  const settled = async (asked: Promise<unknown>): Promise<void> => {
    await clock.advance(0)
    await asked
  }

  const handler = ({ key, scheduledTime, fence }: AlarmDelivery) =>
    new Observable<never>((subscriber) => {
      // not thrown here: that would only be a handler that fails
      if (clock.now() < scheduledTime) wrong.push(`${key} came early`)
      if (isPaused(key)) wrong.push(`${key} came while it was paused`)
      if (atWork.has(key)) wrong.push(`${key} had two handlers`)
      reached.add(`${key} ${fence}`)
      const own = { done: () => subscriber.complete(), fail: (error: unknown) => subscriber.error(error) }
      atWork.set(key, own)
      return () => atWork.get(key) === own && atWork.delete(key)
    })
  const subscribers = [deliver(handler, { concurrency: 2 }), deliver(handler)]

  for (let i = 0; i < 60; i++) {
    const key = keys[random(3)] as string
    const who = random(2)
    switch (random(10)) {
      case 0:
      case 1:
      case 2: {
        const time = random(4) === 0 ? null : t0 + random(40_000)
        const fence = (fences.get(key) ?? 0) + 1
        fences.set(key, fence)
        newest.set(key, { time, fence })
        const acknowledged = write(key, time, fence, 'later')
        if (random(2) === 0) expect(await acknowledged).toBe('done')
        break
      }
      case 3:
        atWork.get(key)?.done()
        break
      case 4:
        atWork.get(key)?.fail(['no', { counted: false }, { retry: false }][random(3)])
        break
      case 5:
        subscribers[who]?.stop()
        subscribers[who] = deliver(handler, { concurrency: 1 + random(3) })
        break
      case 6: {
        const scope: Scope = random(3) === 0 ? {} : { key }
        await settled(manager.pause(scope))
        paused.push(scope)
        break
      }
      case 7: {
        const scope: Scope = random(3) === 0 ? {} : { key }
        const resuming = manager.resume(scope)
        paused = 'key' in scope ? paused.filter((other) => !('key' in other) || other.key !== scope.key) : []
        await settled(resuming)
        break
      }
      case 8: {
        const retrying = random(2) === 0 ? manager.retry(key) : manager.reschedule(key, t0 + random(60_000))
        await settled(retrying)
        break
      }
      default:
        await clock.advance(random(3) === 0 ? LEASE : random(3_000))
    }
  }
  // From here on every handler succeeds, and all is delivered.
  paused = []
  await settled(manager.resume())
  for (const key of keys) await settled(manager.retry(key))
  for (let left = 12; left > 0; left--) {
    await clock.advance(LEASE)
    for (const { done } of [...atWork.values()]) done()
    await turns()
  }
  for (const key of keys) await settled(manager.retry(key))
  await clock.advance(1_024_000 * 2)
  for (const { done } of [...atWork.values()]) done()
  await turns()
  expect(wrong, `seed ${seed}`).toEqual([])
  for (const [key, { time, fence }] of newest) {
    expect(manager.get(key), `seed ${seed}: ${key} was never done`).toBeNull()
    if (time !== null) expect(reached, `seed ${seed}: ${key} was lost`).toContain(`${key} ${fence}`)
  }
}
