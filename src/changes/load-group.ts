import { firstValueFrom, timeout as limited, noop, type SchedulerLike, Subscription, throwError } from 'rxjs'
import type { FleetEngine } from '../fleet/fleet-engine.ts'
import type { Resident } from '../fleet/resident.ts'
import type { Change } from './change.ts'
import { notLoaded } from './change-errors.ts'

/** A change whose actor is in memory, and stays there. */
export interface Member<Work = unknown> {
  readonly change: Change<Work>
  readonly actor: Resident
  readonly hold: Subscription
  /** called with what breaks the actor */
  onBroken: (error: unknown) => void
}

const SHARE = 1 / 4 // of `timeout`, for which the others of a group wait for an actor
const LATE = Symbol()

/**
 * Loads the actors of a group, with nothing left to commit of before. One that takes long is to come again alone, where it has all of `timeout`:
 * it may wait for a commit that the others have nothing to do with.
 */
export function groupLoader<Work>({
  engine,
  scheduler,
  timeout,
}: {
  readonly engine: FleetEngine<string>
  readonly scheduler: SchedulerLike
  readonly timeout: number
}): (group: readonly Change<Work>[], again: Change<Work>[]) => Promise<Member<Work>[]> {
  return async (group, again) => {
    const isShared = group.length > 1
    const loaded = await Promise.all(group.map((change) => load(change, isShared, again)))
    return loaded.filter((member) => member !== null)
  }

  async function load(
    change: Change<Work>,
    isShared: boolean,
    again: Change<Work>[],
  ): Promise<Member<Work> | null> {
    const hold = new Subscription()
    const late = throwError(() => LATE)
    const first = isShared ? timeout * SHARE : timeout
    try {
      const actor = engine.use(change.key)
      const member: Member<Work> = { change, actor, hold, onBroken: noop }
      // Used for nothing it may be dropped from memory: another one of its key would commit beside this one.
      hold.add(actor.when(() => false).subscribe({ error: (error) => member.onBroken(error) }))
      engine.start(actor)
      await firstValueFrom(actor.confirmed().pipe(limited({ first, scheduler, with: () => late })))
      return member
    } catch (error) {
      hold.unsubscribe()
      if (error !== LATE) change.reject(error)
      else if (!isShared) change.reject(notLoaded(change.key, timeout))
      else {
        change.isAlone = true
        again.push(change)
      }
      return null
    }
  }
}
