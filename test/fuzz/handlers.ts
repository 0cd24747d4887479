import {
  concat,
  defer,
  finalize,
  from,
  ignoreElements,
  map,
  NEVER,
  Observable,
  type ObservableInput,
  tap,
} from 'rxjs'
import type { Alarm, AlarmDelivery, AlarmTime, Fleet, WakeupInfo } from '../../src/index.ts'
import type { Running } from '../world/judge.ts'
import type { Intents } from './intents.ts'
import type { Process } from './process.ts'
import type { World } from './world.ts'

const GRAIN = 2 // ms: a clock that is set by less is taken for one that was not

interface Owner {
  readonly world: World
  process(): Process
  /** `null`: bare alarms */
  readonly fleet: Fleet | null
  alarm(key: string): Alarm
  readonly intents: Intents
  /** all that waits, and has not been answered */
  readonly waiting: Set<string>
}

/** What a process does with the deliveries of the manager: it hands them on to its actors, whose handlers the programme has. */
export interface Handlers {
  handle(delivery: AlarmDelivery): ObservableInput<unknown>
  abandon(key: string, time: number, delivered: AlarmDelivery): ObservableInput<AlarmTime>
}

export function openHandlers({ world, process, fleet, alarm, intents, waiting }: Owner): Handlers {
  const { clock, judge } = world
  let count = 0

  function handle(delivery: AlarmDelivery): ObservableInput<unknown> {
    const { key, scheduledTime } = delivery
    const isAgain = world.delivered(key, scheduledTime)
    if (scheduledTime > clock.now() && !isAgain) judge.fault(`${key} was delivered before its time`)
    if (!process().isAlive) return NEVER // it had come to it, all the same
    const since = world.elapsed()
    const id = `delivery ${++count} of ${key} to ${process().name}`
    const work = (info: WakeupInfo): ObservableInput<unknown> => {
      if (info.scheduledTime > Math.max(clock.now(), delivered) && !isAgain) judge.breaks('notEarly', key)
      return runHandler(key, info, since)
    }
    const delivered = clock.now()
    const outcome$ = fleet === null ? alarm(key).deliver(delivery, work) : fleet.deliver(delivery, work)
    waiting.add(id) // the opening may have thrown, by a clock that does
    return alive(outcome$).pipe(
      finalize(() => {
        waiting.delete(id)
        judge.look()
      }),
    )
  }

  function runHandler(key: string, info: WakeupInfo, since: number): Observable<unknown> {
    const part = world.parts.next(key, 'run')
    const running: Running = { key, by: process().name, since }
    const succeeds = intents.runs(key, info.scheduledTime)
    return defer(() => {
      judge.started(running, world.lease - GRAIN, world.elapsed())
      world.handled(key, info.scheduledTime)
      if (part.act !== '') world.ask(process(), key, part.act)
      return alive(world.end(part.end))
    }).pipe(
      // Its end is what it says; its teardown may come after what the end has caused.
      tap({
        complete() {
          succeeds()
          judge.ended(running)
        },
        error: () => judge.ended(running),
      }),
      finalize(() => judge.ended(running)),
    )
  }

  function abandon(key: string, time: number, delivered: AlarmDelivery): ObservableInput<AlarmTime> {
    const { act, end } = world.parts.next(key, 'abandon')
    if (end !== 'ok')
      return concat(
        alive(world.end(end)).pipe(ignoreElements()),
        defer(() => giveUp(key, time, delivered, act)),
      )
    return giveUp(key, time, delivered, act)
  }

  function giveUp(
    key: string,
    time: number,
    delivered: AlarmDelivery,
    act: string,
  ): ObservableInput<AlarmTime> {
    intents.givenUp(key) // now: what is asked before counts
    const asked = (kept: AlarmTime): AlarmTime => {
      if (act !== '') world.ask(process(), key, act)
      return kept
    }
    if (fleet !== null) {
      const kept$ = fleet.abandon(key, time, delivered)
      if (act !== '') queueMicrotask(() => process().isAlive && world.ask(process(), key, act))
      return kept$
    }
    return defer(() => {
      const own = alarm(key) // what the programme asks may break it, and another one knows nothing of this
      const kept = asked(own.abandon(time, delivered))
      return own.confirmed().pipe(map(() => kept))
    })
  }

  /** Nothing of a process that has died ends any more. */
  function alive<T>(input: ObservableInput<T>): Observable<T> {
    return new Observable((subscriber) =>
      from(input).subscribe({
        next: (value) => process().isAlive && subscriber.next(value),
        error: (error) => process().isAlive && subscriber.error(error),
        complete: () => process().isAlive && subscriber.complete(),
      }),
    )
  }

  return { handle, abandon }
}
