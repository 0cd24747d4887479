import { concatMap, defer, map, type Observable, type ObservableInput } from 'rxjs'
import { abandon } from '../actor/delivery/abandon.ts'
import type { DeliveryOutcome } from '../actor/delivery/outcome.ts'
import type { WakeupInfo } from '../actor/delivery/wakeup.ts'
import type { Alarm } from '../actor/open-alarm.ts'
import { isSettled } from '../actor/waiting.ts'
import { type Awaitable, awaitable } from '../vocabulary/awaitable.ts'
import type { KeyedEvent } from '../vocabulary/event.ts'
import { checkKey } from '../vocabulary/key.ts'
import type { AlarmDelivery } from '../vocabulary/manager.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import { ActorHandle } from './actor-handle.ts'
import { type Closable, closable } from './closing/close-once.ts'
import { deliverTo } from './deliver-to.ts'
import { checkFleetConfig, type FleetConfig } from './fleet-config.ts'
import { type FleetEngine, openEngine, type Pressure } from './fleet-engine.ts'

/** Many actors' alarms, as a handle for a runtime. */
export interface Fleet<K extends string = string> extends Closable {
  /**
   * The alarm of an actor: the same handle as `openAlarm`'s, at once, wherever the actor is. Using it loads the actor; a handle outlives
   * that its idle actor is dropped, and that its alarm breaks. Throws `ALARM_KEY_INVALID`.
   *
   * While the actor is being loaded, what it is asked waits in order, and `time` throws `ALARM_LOADING`: wait for `confirmed()`. What
   * breaks an alarm reaches all that wait; then its handles throw it, but `set`, `delete` and `touch` load the actor again.
   *
   * One that breaks, or cannot be loaded, again before a commit of its was durable is not loaded for 1 s, doubling, a minute at most
   * (`backing-off`): all that it is asked gets the error that broke it, a delivery too, which its manager tries again.
   *
   * Gotcha: keep the handle for as long as values wait at its gate. A new one does not know what another one has asked and lost.
   */
  actor(key: K): Alarm

  /** What happens, of all actors, from now on. Completes when the fleet is closed; never errors. The first to listen costs a look at each actor. */
  readonly events$: Observable<KeyedEvent<K>>

  /**
   * How hard it works, now. `waiting` above 0 means that it is asked for more than `concurrency` lets go: ask for less. As many `delivering`
   * as the manager's deliveries have room for, and a `deliveringFor` near its lease, means that handlers hang.
   */
  readonly pressure: Pressure

  /** Handles a wake-up with the actor that it is for, which is loaded first: what the handler of `deliveries` returns. */
  deliver(
    delivery: AlarmDelivery,
    handler: (info: WakeupInfo) => ObservableInput<unknown>,
  ): Awaitable<DeliveryOutcome>

  /** Gives an alarm up, for the `abandon` of `deliveries`: emits the newer one that stands, or `null`, when that is durable. */
  abandon(key: K, scheduledTime: number, delivered?: { readonly fence?: number }): Awaitable<AlarmTime>

  /** Completes when no actor has anything left to do, broken ones included. */
  drained(): Awaitable<never, void>

  /**
   * Brings through what was asked until now, then stops everything; resolves when all of it is durable and with the manager. From here on
   * the fleet takes nothing (`ALARM_CLOSED`). Over `sqliteStores` with a `sqliteManager` that is so when it returns.
   *
   * Rejects with `ALARM_CLOSE_FAILED`, whose `keys` say of which actors something was lost, or was not answered within 5 s. What gets
   * through its gate until the end gets out; what still waits then gets `ALARM_CLOSED`. A handler at work is not waited for: end the
   * deliveries first. Gotcha: `actor(key).close()` is abrupt, as is unsubscribing from `keepAlarms`.
   */
  close(): Promise<void>
}

/**
 * Opens the alarms of many actors: the engine of `keepAlarms` as a handle.
 *
 * An actor is loaded from its store when it is first used, and dropped when it was not used for `idleAfter` ms; there is never more than
 * one of a key. Throws `ALARM_CONFIG_INVALID`.
 *
 * ```ts
 * const fleet = openFleet({ load: (key) => read(key), commit: (time, { key }) => save(key, time), write: (time, info) => tell(time, info) })
 * fleet.actor('42').setIn(60_000)
 * manager.deliveries((delivery) => fleet.deliver(delivery, () => wake(delivery.key)), { abandon: fleet.abandon }).subscribe()
 * ```
 */
export function openFleet<K extends string = string>(config: FleetConfig<K>): Fleet<K> {
  checkFleetConfig(config)
  return fleetOf(openEngine(config))
}

/** An engine as its users see it. */
export function fleetOf<K extends string>(engine: FleetEngine<K>): Fleet<K> {
  const actor = (key: K): Alarm => new ActorHandle(engine, checkKey(key) as K)
  const flushing = (): Observable<never> => {
    engine.refuse()
    return engine.flush()
  }
  return {
    actor,
    get events$() {
      return engine.events$
    },
    get pressure() {
      return engine.pressure
    },
    deliver: (delivery, handler) => deliverTo(engine, delivery?.key as K, delivery, handler),
    abandon: (key, scheduledTime, delivered) =>
      awaitable(
        defer(() => {
          const asked = engine.use(key)
          engine.start(asked)
          return asked.loaded().pipe(
            concatMap(() => asked.when(isSettled)),
            concatMap(() => {
              const kept = abandon(asked, scheduledTime, delivered)
              return asked.confirmed().pipe(map(() => kept))
            }),
          )
        }),
      ),
    drained: () => awaitable(engine.drained()),
    ...closable(flushing, () => engine.close()),
  }
}
