import type { Subscription } from 'rxjs'
import type { Alarm, AlarmEvent, AlarmTime, DeliveryEvent, Fleet } from '../../src/index.ts'
import type { SqliteStores } from '../../src/sqlite/index.ts'
import type { Client } from '../world/network.ts'
import { CHANGE, STATE } from '../world/store.ts'
import { openCalls } from './calls.ts'
import { openGates } from './gates.ts'
import { openHandlers } from './handlers.ts'
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
  /** The next change of the state is to be durable before a value leaves, from the call of what is returned on, unless it is lost in between. */
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

export function openProcess(world: World, name: string): Process {
  const { clock, judge, setting, library } = world
  const alarms = new Map<string, Alarm>()
  const versions = new Map<string, number>()
  const incarnations = new Map<string, number>()
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
    // Its write may have been delivered at once, and have opened it once more.
    const within = alarms.get(key)
    if (within !== undefined && fleet === null) {
      closed(opened)
      return within
    }
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
    intents.lost(key)
    gates.forget(key)
  }

  /** As RxJS's `unsubscribe()` it throws what the teardowns of user code have thrown, once all is closed. */
  function closed(alarm: Alarm | undefined): void {
    try {
      alarm?.close()
    } catch (error) {
      if (!isOnPurpose(error, world.thrown)) throw error
    }
  }

  const owner = { world, process: () => process, alarm, waiting }
  const gates = openGates({ ...owner, version: (key) => versions.get(key) ?? 0, lost: intents.lost })
  const handlers = openHandlers({ ...owner, fleet, intents })

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
    gated: gates.gated,
    send: gates.send,
    wait(what, key, then) {
      const id = `${what}() ${++waits} of ${key} in ${name}`
      const asked = alarm(key)
      const version = gates.needs(key) // of this incarnation: with one that broke, what it was asked is lost
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
      deliveries = service
        .deliveries(handlers.handle, setting.abandon === 'true' ? { abandon: handlers.abandon } : {})
        .subscribe({
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
