import { concatMap, Observable, type ObservableInput } from 'rxjs'
import { deliver } from '../actor/delivery/deliver.ts'
import type { DeliveryOutcome } from '../actor/delivery/outcome.ts'
import type { Wakeup, WakeupInfo } from '../actor/delivery/wakeup.ts'
import { type Awaitable, awaitable } from '../vocabulary/awaitable.ts'
import { checkKey } from '../vocabulary/key.ts'
import type { FleetEngine } from './fleet-engine.ts'

/** Handles a wake-up with the actor that it is for, which is loaded first. */
export function deliverTo<K extends string>(
  engine: FleetEngine<K>,
  key: K,
  wakeup: Wakeup,
  handler: (info: WakeupInfo) => ObservableInput<unknown>,
): Awaitable<DeliveryOutcome> {
  return awaitable(
    new Observable((subscriber) => {
      engine.atWork.begin(subscriber)
      const actor = engine.use(checkKey(key) as K)
      engine.start(actor)
      const delivery$ = deliver(actor, wakeup, handler)
      const loaded$ = actor.isLoaded ? delivery$ : actor.loaded().pipe(concatMap(() => delivery$))
      loaded$.subscribe(subscriber)
    }),
  )
}
