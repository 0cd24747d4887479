import {
  defer,
  type MonoTypeOperatorFunction,
  mergeMap,
  type Observable,
  type ObservableInput,
  takeUntil,
  takeWhile,
} from 'rxjs'
import { abandon } from '../actor/delivery/abandon.ts'
import type { DeliveryOutcome } from '../actor/delivery/outcome.ts'
import type { Wakeup, WakeupInfo } from '../actor/delivery/wakeup.ts'
import type { Alarm } from '../actor/open-alarm.ts'
import { holdUntilConfirmed } from '../actor/output-gate.ts'
import { isDrained } from '../actor/waiting.ts'
import { throwing } from '../operators/reached.ts'
import { type Awaitable, awaitable } from '../vocabulary/awaitable.ts'
import { checkConfirmation } from '../vocabulary/check-names.ts'
import { loadingError } from '../vocabulary/error-of.ts'
import type { AlarmEvent, KeyedEvent } from '../vocabulary/event.ts'
import { readsTimes, type TimeCheck } from '../vocabulary/real-time.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import { timeIn } from '../vocabulary/time-in.ts'
import { deliverTo } from './deliver-to.ts'
import type { FleetEngine } from './fleet-engine.ts'
import type { Resident } from './resident.ts'

/** An actor's alarm wherever it is: in memory, being loaded, or dropped. */
export class ActorHandle<K extends string> implements Alarm {
  private readonly engine: FleetEngine<K>
  private readonly key: K
  /** what this handle has asked for something: if that broke, it is lost, and the handle says so until it asks again */
  private asked: Resident | null = null
  // Assigned, not a getter: a class with a computed name is one that no bundler leaves out.
  declare readonly [readsTimes]: TimeCheck

  constructor(engine: FleetEngine<K>, key: K) {
    this.engine = engine
    this.key = key
    this[readsTimes] = engine.checkTime
  }

  get time(): AlarmTime {
    return this.standing().time
  }

  get events$(): Observable<AlarmEvent> {
    return this.engine.eventsOf(this.key).pipe(
      takeWhile(({ kind }) => kind !== 'closed'),
      mergeMap(ofAlarm),
    )
  }

  set(time: number | Date, options?: { allowUnconfirmed?: boolean }): void {
    const wanted = this.engine.checkTime(time)
    checkConfirmation(options)
    this.ask((actor) => actor.intend(wanted, options?.allowUnconfirmed))
  }

  setIn(ms: number, options?: { allowUnconfirmed?: boolean }): void {
    const wanted = timeIn(ms, this.engine.clock.now())
    checkConfirmation(options)
    this.ask((actor) => actor.intend(wanted, options?.allowUnconfirmed))
  }

  delete(options?: { allowUnconfirmed?: boolean }): void {
    checkConfirmation(options)
    this.ask((actor) => actor.intend(null, options?.allowUnconfirmed))
  }

  touch(options?: { allowUnconfirmed?: boolean }): void {
    checkConfirmation(options)
    this.ask((actor) => actor.touch(options))
  }

  confirmed(): Awaitable<void> {
    return awaitable(defer(() => this.standing().confirmed()))
  }

  drained(): Awaitable<void> {
    return awaitable(defer(() => this.standing().when(isDrained)))
  }

  holdUntilConfirmed<T>(): MonoTypeOperatorFunction<T> {
    return (source) =>
      source.pipe(
        holdUntilConfirmed(() => this.lost() ?? this.engine.find(this.key)),
        takeUntil(this.engine.broken(this.key)),
      )
  }

  deliver(
    wakeup: Wakeup,
    handler: (info: WakeupInfo) => ObservableInput<unknown>,
  ): Awaitable<DeliveryOutcome> {
    return deliverTo(this.engine, this.key, wakeup, handler)
  }

  abandon(scheduledTime: number, delivered?: { readonly fence?: number }): AlarmTime {
    const actor = this.open()
    if (!actor.isLoaded && actor.failure === null) throw loadingError(this.key)
    return abandon(actor, scheduledTime, delivered)
  }

  close(): void {
    this.engine.find(this.key)?.close()
  }

  private ask(ask: (actor: Resident) => void): void {
    const actor = this.engine.use(this.key)
    this.asked = actor
    ask(actor)
    this.engine.start(actor)
    if (actor.failure !== null) throw throwing(actor.failure)
  }

  private open(): Resident {
    const actor = this.engine.use(this.key)
    this.engine.start(actor)
    return actor
  }

  /** Where the outcome of what was asked is known. */
  private standing(): Resident {
    const known = this.lost() ?? this.engine.find(this.key)
    return known !== null && known.failure !== null ? known : this.open()
  }

  private lost(): Resident | null {
    return this.asked !== null && this.asked.failure !== null ? this.asked : null
  }
}

/** What happened to the alarm; an alarm's events end with what broke it. */
function ofAlarm(event: KeyedEvent): readonly AlarmEvent[] {
  switch (event.kind) {
    case 'broken':
    case 'load-failed':
      throw event.error
    case 'opened':
    case 'backing-off':
    case 'refused':
    case 'waiting':
    case 'dropped':
    case 'closed':
      return []
    default:
      return [event]
  }
}
