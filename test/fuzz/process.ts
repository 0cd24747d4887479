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
  Subject,
  type Subscription,
  tap,
} from 'rxjs'
import type {
  Alarm,
  AlarmDelivery,
  AlarmEvent,
  AlarmTime,
  DeliveryEvent,
  Fleet,
  WakeupInfo,
} from '../../src/index.ts'
import type { SqliteStores } from '../../src/sqlite/index.ts'
import type { Running } from '../world/judge.ts'
import type { Client } from '../world/network.ts'
import { CHANGE, STATE } from '../world/store.ts'
import { openCalls } from './calls.ts'
import { openIntents } from './intents.ts'
import { isOnPurpose } from './on-purpose.ts'
import { processClock } from './process-clock.ts'
import type { World } from './world.ts'

/** A process that hosts the actors: its memory, its connections, its timers. */
export interface Process extends Client {
  alarm(key: string): Alarm
  /** passes an intent on */
  asks(key: string, time: AlarmTime, pass: () => void): void
  /** Its actors' clock throws in the course of this. */
  withBadClock(ask: () => void): void
  /** the state beside the alarm changes */
  change(key: string): void
  /** What is asked until the call of what is returned is to be durable before a value leaves, unless it is lost in between. */
  gated(key: string, isGated: boolean): () => void
  /** `then` is asked for when the value leaves, or the answer comes */
  send(key: string, then?: string): void
  wait(what: 'confirmed' | 'drained', key: string, then?: string): void
  /** bare alarms: closes one, and opens it again; a fleet loads by itself */
  reopen(key: string): void
  pause(): void
  resume(): void
  readonly isDelivering: boolean
  /** all that waits, and has not been answered */
  readonly waiting: readonly string[]
  /** ends as it should: everything is closed */
  close(): void
  /** ends at once: no timer fires, nothing is sent, no answer arrives */
  die(): void
}

/** A handler's turn, as the programme has it. */
interface Part {
  readonly act: string
  readonly end: string
}

export function openProcess(world: World, name: string): Process {
  const { clock, judge, setting, library } = world
  const alarms = new Map<string, Alarm>()
  const versions = new Map<string, number>()
  const needs = new Map<string, number>()
  const incarnations = new Map<string, number>()
  const outlets = new Map<string, Subject<number>>()
  const waiting = new Set<string>()
  const intents = openIntents(judge)
  let waits = 0
  let deliveries: Subscription | null = null

  const { scheduler, actorsClock, withBadClock } = processClock(clock, () => process.isAlive)
  const service = world.connect(scheduler)
  const stores: SqliteStores | null =
    setting.actor === 'stores' ? library.sqliteStores({ file: world.file('actors'), manager: service }) : null
  stores?.sql.exec(STATE)

  const incarnation = (key: string): string => `${name}.${key}.${incarnations.get(key) ?? 0}`

  const { write, commit, load, many, raise } = openCalls({
    world,
    client: () => process,
    service,
    stores,
    intents,
    incarnations,
    version: (key) => ({ by: name, number: versions.get(key) ?? 0 }),
  })

  const shared = {
    scheduler: actorsClock,
    raise,
    reconcile: setting.reconcile === 'true',
    retry: { count: Number(setting.retries) },
    ...(setting.timeout === 'none' ? {} : { timeout: Number(setting.timeout) }),
  }

  const fleet: Fleet | null = setting.actor === 'alarm' ? null : openFleet()

  function openFleet(): Fleet {
    return library.openFleet({
      ...shared,
      ...(stores !== null && { changed$: stores.changed$, discard: stores.discard }),
      ...(setting.many === 'true' && many),
      load,
      commit: (time, info) => commit(`${name}.${info.key}.${info.epoch}`, time, info),
      write: (time, info) => write(incarnation(info.key), time, info),
    })
  }

  function openAlarm(key: string): Alarm {
    const { time, epoch } = world.memory.open(key)
    incarnations.set(key, epoch)
    judge.opened(key, epoch)
    intents.lost(key)
    intents.loaded(key, time)
    const own = incarnation(key)
    return library.openAlarm({
      ...shared,
      key,
      initial: time,
      epoch,
      commit: (committed, info) => commit(own, committed, info),
      write: (written, info) => write(own, written, info),
    })
  }

  function alarm(key: string): Alarm {
    const known = alarms.get(key)
    if (known !== undefined && (fleet !== null || !isBroken(known))) return known
    if (known !== undefined) forget(key)
    const opened = fleet === null ? openAlarm(key) : fleet.actor(key)
    alarms.set(key, opened)
    if (setting.heard === 'true') hear(key, opened)
    return opened
  }

  function hear(key: string, heard: Alarm): void {
    heard.events$.subscribe({
      next(event: AlarmEvent) {
        if (!process.isAlive) return
        world.record(event)
        judge.look()
        if (event.kind === 'violation' && judge.isOwner(key, incarnations.get(key)))
          judge.breaks('noViolation', key)
      },
      error: () => {},
    })
  }

  /** What was asked of an alarm that broke is lost, and so is what waited at its gate. */
  function forget(key: string): void {
    alarms.delete(key)
    needs.delete(key)
    intents.lost(key)
    outlets.delete(key)
  }

  function outlet(key: string): Subject<number> {
    const known = outlets.get(key)
    if (known !== undefined) return known
    const values$ = new Subject<number>()
    outlets.set(key, values$)
    const mine = new Set<string>()
    const ended = (): void => {
      for (const id of mine) waiting.delete(id)
      needs.delete(key)
      intents.lost(key)
      if (outlets.get(key) === values$) outlets.delete(key)
    }
    values$
      .pipe(
        tap((number) => {
          const id = `value ${number} of ${key} at the gate of ${name}`
          mine.add(id)
          waiting.add(id)
        }),
        alarm(key).holdUntilConfirmed(),
      )
      .subscribe({
        next(number) {
          if (!process.isAlive) return
          const id = `value ${number} of ${key} at the gate of ${name}`
          const value = sent.get(number)
          mine.delete(id)
          waiting.delete(id)
          sent.delete(number)
          if (value === undefined) {
            judge.fault(`a value left the gate of ${key} twice`)
            return
          }
          if (!world.store.holds(key, { by: name, number: value.version })) {
            judge.fault(`a value of ${key} left the gate, and the state that it tells of is in no commit`)
          }
          if (value.then !== undefined) world.ask(process, key, value.then)
        },
        error: ended,
        complete: ended,
      })
    return values$
  }
  const sent = new Map<number, { readonly version: number; readonly then: string | undefined }>()

  function handle(delivery: AlarmDelivery): ObservableInput<unknown> {
    if (!process.isAlive) return NEVER
    const { key, scheduledTime } = delivery
    const isAgain = world.delivered(key, scheduledTime)
    if (scheduledTime > clock.now() && !isAgain) judge.fault(`${key} was delivered before its time`)
    const since = world.elapsed()
    const id = `delivery ${++waits} of ${key} to ${name}`
    const work = (info: WakeupInfo): ObservableInput<unknown> => {
      if (info.scheduledTime > Math.max(clock.now(), delivered) && !isAgain) judge.breaks('notEarly', key)
      return runHandler(key, info, since)
    }
    const delivered = clock.now()
    waiting.add(id)
    const outcome$ = fleet === null ? alarm(key).deliver(delivery, work) : fleet.deliver(delivery, work)
    return alive(outcome$).pipe(
      finalize(() => {
        waiting.delete(id)
        judge.look()
      }),
    )
  }

  function runHandler(key: string, info: WakeupInfo, since: number): Observable<unknown> {
    const part = world.part(key)
    const running: Running = { key, by: name, since }
    const succeeds = intents.runs(key, info.scheduledTime)
    return defer(() => {
      judge.started(running, world.lease, world.elapsed())
      world.handled(key, info.scheduledTime)
      if (part.act !== '') world.ask(process, key, part.act)
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
    intents.givenUp(key)
    const { act, end } = world.abandonPart(key)
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
    const asked = (kept: AlarmTime): AlarmTime => {
      if (act !== '') world.ask(process, key, act)
      return kept
    }
    if (fleet !== null) {
      const kept$ = fleet.abandon(key, time, delivered)
      if (act !== '') queueMicrotask(() => process.isAlive && world.ask(process, key, act))
      return kept$
    }
    return defer(() => {
      const kept = asked(alarm(key).abandon(time, delivered))
      return alarm(key)
        .confirmed()
        .pipe(map(() => kept))
    })
  }

  /** Nothing of a process that has died ends any more. */
  function alive<T>(input: ObservableInput<T>): Observable<T> {
    return new Observable((subscriber) =>
      from(input).subscribe({
        next: (value) => process.isAlive && subscriber.next(value),
        error: (error) => process.isAlive && subscriber.error(error),
        complete: () => process.isAlive && subscriber.complete(),
      }),
    )
  }

  /** As RxJS's `unsubscribe()` it throws what the teardowns of user code have thrown, once all is closed. */
  function closed(alarm: Alarm | undefined): void {
    try {
      alarm?.close()
    } catch (error) {
      if (!isOnPurpose(error, world.thrown)) throw error
    }
  }

  const process: Process = {
    name,
    isAlive: true,
    get isDelivering() {
      return deliveries !== null && process.isAlive
    },
    get waiting() {
      return [...waiting]
    },
    alarm,
    asks: intents.asks,
    withBadClock,
    change(key) {
      const number = (versions.get(key) ?? 0) + 1
      versions.set(key, number)
      stores?.change(key, (sql) => sql.run(CHANGE, key, name, number))
    },
    gated(key, isGated) {
      const open = outlet(key) // which ends when the alarm breaks: what was asked is lost then
      return () => {
        if (isGated && outlet(key) === open) needs.set(key, versions.get(key) ?? 0)
      }
    },
    send(key, then) {
      const values$ = outlet(key)
      const number = ++waits
      sent.set(number, { version: needs.get(key) ?? 0, then })
      values$.next(number)
    },
    wait(what, key, then) {
      const id = `${what}() ${++waits} of ${key} in ${name}`
      const asked = alarm(key)
      const version = needs.get(key) ?? 0 // of this incarnation: with one that broke, what it was asked is lost
      waiting.add(id)
      asked[what]().subscribe({
        next() {
          if (!process.isAlive) return
          waiting.delete(id)
          if (!world.store.holds(key, { by: name, number: version })) {
            judge.fault(`${what}() of ${key} was answered, and what was asked is in no commit`)
          }
          if (then !== undefined) world.ask(process, key, then)
        },
        error: () => void waiting.delete(id),
      })
    },
    reopen(key) {
      closed(alarms.get(key))
      if (fleet === null) forget(key)
      alarm(key)
    },
    pause() {
      deliveries?.unsubscribe()
      deliveries = null
    },
    resume() {
      if (deliveries !== null) return
      deliveries = service.deliveries(handle, setting.abandon === 'true' ? { abandon } : {}).subscribe({
        next: (event: DeliveryEvent) => process.isAlive && world.noted(event),
        error: (error) => judge.fault(`the deliveries of ${name} ended: ${error?.message}`),
      })
    },
    close() {
      process.pause()
      for (const each of alarms.values()) closed(each)
      fleet?.close()
      stores?.close()
      world.disconnect(service)
      process.isAlive = false
    },
    die() {
      process.isAlive = false
      judge.died(name)
      world.dropped(process, deliveries)
    },
  }
  return process
}

function isBroken(alarm: Alarm): boolean {
  try {
    alarm.time
    return false
  } catch {
    return true
  }
}

export type { Part }
