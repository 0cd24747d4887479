/**
 * A reactive actor runtime, whole: mailbox, store, alarm, output gate, hibernation.
 *
 * An actor is an Observable that opens its store when it is subscribed and closes it when nobody is left. `share` makes it one for all
 * who need it, and lets it sleep when nobody has for a while; an alarm, or the next message, wakes it. What it must remember is in its
 * store; what it says leaves when that is durable. A broken alarm ends the actor with its error; the next message opens it again.
 */
import type { AlarmDelivery, AlarmManager, DeliveryEvent, WakeupInfo } from 'nolater'
import type { ActorStore } from 'nolater/sqlite'
import {
  asyncScheduler,
  defer,
  dematerialize,
  finalize,
  ignoreElements,
  map,
  materialize,
  merge,
  type Observable,
  type ObservableInput,
  of,
  ReplaySubject,
  type SchedulerLike,
  share,
  switchMap,
  timer,
} from 'rxjs'
import { mailbox } from './mailbox.ts'

/** What an actor does, one thing at a time. It is made anew whenever it wakes up. */
export interface Behaviour<Message, Reply> {
  receive(message: Message): ObservableInput<Reply>
  wake(info: WakeupInfo): ObservableInput<unknown>
}

export interface RuntimeOptions<Message, Reply> {
  readonly manager: AlarmManager
  open(key: string): ActorStore
  behave(store: ActorStore): Behaviour<Message, Reply>
  /** ms without work until an actor sleeps */
  readonly idle: number
  readonly scheduler?: SchedulerLike
}

export interface Runtime<Message, Reply> {
  /** Sends a message when it is subscribed; replies leave when what they depend on is durable. */
  ask(key: string, message: Message): Observable<Reply>
  /** Wakes actors while it is subscribed. */
  readonly deliveries$: Observable<DeliveryEvent>
}

/** An actor that is awake. */
interface Awake<Message, Reply> {
  ask(message: Message): Observable<Reply>
  deliver(delivery: AlarmDelivery): Observable<unknown>
  abandon(scheduledTime: number, delivery: AlarmDelivery): Observable<number | null>
  readonly broken$: Observable<never>
  close(): void
}

export function actorRuntime<Message, Reply>(
  options: RuntimeOptions<Message, Reply>,
): Runtime<Message, Reply> {
  const { manager, open, behave, idle, scheduler = asyncScheduler } = options
  const actors = new Map<string, Observable<Awake<Message, Reply>>>()

  function awaken(key: string): Awake<Message, Reply> {
    const store = open(key)
    const { alarm } = store
    const { receive, wake } = behave(store)
    const inTurn = mailbox()
    return {
      ask: (message) => inTurn(() => receive(message)).pipe(alarm.holdUntilConfirmed()),
      deliver: (delivery) => alarm.deliver(delivery, (info) => inTurn(() => wake(info))),
      abandon(scheduledTime, delivery) {
        const kept = alarm.abandon(scheduledTime, delivery)
        return alarm.confirmed().pipe(map(() => kept))
      },
      broken$: alarm.events$.pipe(ignoreElements()),
      close: () => store.close(),
    }
  }

  /** Awake from its first subscriber until `idle` ms after its last. */
  function actorOf(key: string): Observable<Awake<Message, Reply>> {
    const known = actors.get(key)
    if (known !== undefined) return known
    const actor$ = defer(() => {
      const actor = awaken(key)
      return merge(of(actor), actor.broken$).pipe(finalize(actor.close))
    }).pipe(
      finalize(() => actors.delete(key)),
      share({
        connector: () => new ReplaySubject(1),
        resetOnRefCountZero: () => timer(idle, scheduler),
        resetOnError: false,
      }),
    )
    actors.set(key, actor$)
    return actor$
  }

  /** Keeps the actor awake for as long as the work takes: its end ends the subscription. */
  const use = <T>(key: string, work: (actor: Awake<Message, Reply>) => Observable<T>): Observable<T> =>
    defer(() => actorOf(key)).pipe(
      switchMap((actor) => work(actor).pipe(materialize())),
      dematerialize(),
    )

  return {
    ask: (key, message) => use(key, (actor) => actor.ask(message)),
    deliveries$: manager.deliveries((delivery) => use(delivery.key, (actor) => actor.deliver(delivery)), {
      abandon: (key, time, delivery) => use(key, (actor) => actor.abandon(time, delivery)),
    }),
  }
}
