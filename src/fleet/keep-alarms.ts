import { noop, Observable, type ObservableInput, type OperatorFunction, Subscription } from 'rxjs'
import { endInputs } from '../operators/end-inputs.ts'
import { fromUser } from '../operators/from-user.ts'
import { listen } from '../operators/listen.ts'
import { reportUncaught } from '../operators/report-uncaught.ts'
import { configError } from '../vocabulary/error-of.ts'
import type { KeyedEvent } from '../vocabulary/event.ts'
import { type KeyedIntent, wantedTime } from '../vocabulary/intent.ts'
import { checkFleetConfig, type FleetConfig } from './fleet-config.ts'
import { openEngine } from './fleet-engine.ts'
import { type Fleet, fleetOf } from './open-fleet.ts'

/** A fleet that is an operator. */
export interface KeepAlarmsConfig<K extends string = string> extends FleetConfig<K> {
  /**
   * What runs beside the intents, with the fleet's handle: the manager's deliveries, to be handled by the actors they are for. It is
   * subscribed with the operator and ends with it; its error is the operator's, and while it goes on, so does the operator.
   */
  readonly deliveries?: (fleet: Fleet<K>) => ObservableInput<unknown>
}

/**
 * Keeps the alarms of many actors, each as `keepAlarm` would; an idle actor holds no subscription.
 *
 * ```
 * intents   a5--b7---------a2-----|
 * load()    --(l|)                     l: { time: null, epoch: 1 }
 * write()   -----|                     side by side, but no more than `concurrency` at a time
 * commit()  ---|                       within a key in order
 *           keepAlarms({ load, write, commit })
 * write     --a5...|-------a2...|----
 *                 b7...|
 * commit    -------a5.|b7.|-----a2.|-
 * ```
 *
 * An actor is loaded by its first intent, and dropped when it has nothing to do for `idleAfter` ms. Intents that come while it is loaded
 * wait, the newest for all. Writes take turns: the longest wait, earlier moves mostly first; what is written is worked
 * out when the turn comes. `commitMany` and `writeMany` take all of one turn together.
 *
 * Emits what happens as `KeyedEvent`s. What is wrong with one actor is an event of its key (`broken`, `load-failed`, `refused`) and never
 * ends the others; the next intent of that key loads it again. Errors with the source's error, or that of `deliveries`. Completes when both
 * have completed and every actor is drained; unsubscribing closes all. Each subscriber has a fleet of its own.
 *
 * Gotchas: intents arrive faster than stores commit; those of a key conflate, but each key in use takes memory: events of the kind `waiting`
 * say when the writes cannot keep up. A config that cannot work is refused here (`ALARM_CONFIG_INVALID`).
 *
 * ```ts
 * const stores = sqliteStores({ file: 'actors.db', manager })
 * const deliveries = (fleet: Fleet) =>
 *   manager.deliveries((delivery) => fleet.deliver(delivery, () => wake(delivery.key)), { abandon: fleet.abandon })
 * intents$.pipe(keepAlarms({ ...stores, deliveries })).subscribe()
 * ```
 */
export function keepAlarms<K extends string = string>(
  config: KeepAlarmsConfig<K>,
): OperatorFunction<KeyedIntent<K>, KeyedEvent<K>> {
  checkFleetConfig(config, { deliveries: true })
  const { deliveries } = config
  if (deliveries !== undefined && typeof deliveries !== 'function') {
    throw configError('deliveries', 'a function from the fleet to what runs beside it', deliveries)
  }
  return (intents$) =>
    new Observable((subscriber) => {
      const engine = openEngine(config)
      const inputs = new Subscription(() => engine.close())
      let running = deliveries === undefined ? 1 : 2
      // The end may come from the middle of the engine, which a teardown must not stop.
      const end = (pass: () => void): void => reportUncaught(() => endInputs(inputs, pass))
      const fail = (error: unknown): void => end(() => subscriber.error(error))
      const complete = (): void => {
        if (--running > 0) return
        listen(engine.drained(), inputs, {
          next: noop,
          error: fail,
          complete: () => end(() => subscriber.complete()),
        })
      }
      const intend = (intent: KeyedIntent<K>): void => {
        try {
          const time = wantedTime(intent, engine.clock, engine.checkTime)
          const actor = engine.use(intent.key)
          try {
            actor.follow(intent, time)
          } catch {} // what broke it is an event already
          engine.start(actor)
        } catch (error) {
          engine.tell(intent?.key, { kind: 'refused', error })
        }
      }

      subscriber.add(inputs)
      listen(engine.events$, inputs, { next: (event) => subscriber.next(event), error: fail, complete: noop })
      if (deliveries !== undefined) {
        const deliveries$ = fromUser('deliveries', () => deliveries(fleetOf(engine)))
        listen(deliveries$, inputs, { next: noop, error: fail, complete })
      }
      listen(intents$, inputs, { next: intend, error: fail, complete })
    })
}
