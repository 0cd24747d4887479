import type { AlarmTime } from '../../../src/index.ts'
import type { World } from './world.ts'

/** What the application may ask: any of so many times, or this and then that. */
export type Asking = { readonly holdsDeliveries: boolean } & (
  | { readonly times: number; readonly also: readonly ('unconfirmed' | 'touch')[] }
  | { readonly list: readonly AlarmTime[] }
)

/** Everything that can happen next, each as a word of the replay string. */
export function movesOf(world: World, asking: Asking): string[] {
  const { engine, left, commit, write, lease, strays, manager } = world
  const mayFail = left.failures > 0
  const isDelivered = manager.time !== null && !manager.failed
  const moves: string[] = []
  const add = (possible: boolean, move: string): void => {
    if (possible) moves.push(move)
  }

  if (engine === null) moves.push('open')
  else if (engine.broken) {
    add(commit !== null && !commit.applied, 'commit.applied')
    moves.push('open')
  } else {
    if (left.intents > 0) moves.push(...intentsOf(asking, left.intents))
    if (commit !== null) {
      moves.push(commit.applied ? 'commit.ok' : 'commit.applied')
      add(mayFail, 'commit.fail')
    }
    if (write !== null) {
      moves.push(write.applied ? 'write.ok' : 'write.applied')
      add(mayFail, 'write.fail')
      add(mayFail && !write.early, 'write.giveup')
    }
    add(engine.resting, 'backoff')
    add(world.run !== null, 'run.ok')
    add(mayFail && world.run !== null, 'run.fail')
    add(left.abandons > 0 && world.run?.orphan === false, 'run.fail.last')
    // The manager delivered it to another process meanwhile, where its last retry failed.
    add(left.abandons > 0 && world.orphan !== null && lease === null && isDelivered, 'fail.elsewhere')
    add(lease?.state === 'exhausted', 'abandon')
    add(lease?.state === 'exhausted', 'keep')
    if (mayFail && lease?.state === 'open') {
      moves.push('expired')
      add(world.orphan === null, 'expired.unnoticed')
    }
    // It waits for a commit in flight, of which it may be.
    const isHeldUp = asking.holdsDeliveries && commit !== null
    if (lease === null && isDelivered && !isHeldUp && left.wakes > 0) {
      // Without it the manager is late, or paused: to the actor that is the same.
      moves.push('wake')
      // So late that another alarm is due by now.
      add(Math.max(world.clock, manager.time!) < (world.desired ?? 0), 'wake.late')
    }
    add(left.crashes > 0, 'crash')
  }
  if (lease?.state === 'answered') {
    moves.push('done')
    add(mayFail, 'done.lost')
  }
  add(manager.failed, 'retry')
  if (left.late > 0) for (let i = 0; i < strays.length; i++) moves.push(`land${i}`)
  return moves
}

function intentsOf(asking: Asking, left: number): string[] {
  const word = (time: AlarmTime): string => (time === null ? 'delete' : `set${time}`)
  if ('list' in asking) return [word(asking.list.at(-left)!)]
  const sure = [...Array.from({ length: asking.times }, (_, i) => word(i + 1)), 'delete']
  const unsure = asking.also.includes('unconfirmed') ? sure.map((intent) => `${intent}~`) : []
  return [...sure, ...unsure, ...(asking.also.includes('touch') ? ['touch'] : [])]
}

/** The next thing that happens if nothing fails and nothing is asked; `null` when all is at rest. */
export function friendlyMove({ engine, commit, write, lease, run, manager }: World): string | null {
  if (engine === null || engine.broken) return 'open'
  if (write !== null) return write.applied ? 'write.ok' : 'write.applied'
  if (commit !== null) return commit.applied ? 'commit.ok' : 'commit.applied'
  if (engine.resting) return 'backoff'
  if (run !== null) return 'run.ok'
  if (lease?.state === 'exhausted') return 'abandon'
  if (lease?.state === 'answered') return 'done'
  if (lease !== null || manager.time === null) return null
  return manager.failed ? 'retry' : 'wake'
}
