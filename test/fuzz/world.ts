import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EMPTY, type ObservableInput, type SchedulerLike, type Subscription } from 'rxjs'
import type { AlarmEvent, AlarmManager, AlarmTime, DeliveryEvent, WriteInfo } from '../../src/index.ts'
import { type VirtualClock, virtualClock } from '../../src/marbles/index.ts'
import { type Judge, openJudge } from '../world/judge.ts'
import { type Network, openNetwork } from '../world/network.ts'
import { fileStore, type MemoryStore, memoryStore, type Store } from '../world/store.ts'
import { ask } from './ask.ts'
import { openHandlerEnds } from './handler-ends.ts'
import type { Library } from './library.ts'
import { openOverdue } from './overdue.ts'
import { openParts, type Parts } from './parts.ts'
import { openProcess, type Process } from './process.ts'
import { type Setting, START } from './programme.ts'

export const keys = ['a', 'b', 'c'] as const

type Service = AlarmManager & { close?(): void }

/** Everything around the actors of one programme, in virtual time, and what is seen of it from outside. */
export interface World {
  readonly library: Library
  readonly setting: Setting
  readonly clock: VirtualClock
  readonly judge: Judge
  readonly network: Network
  readonly store: Store
  readonly memory: MemoryStore
  readonly lease: number
  /** how often the store was begun again: what was under way before never lands */
  readonly generation: number
  readonly processes: Process[]
  /** of the actors' events */
  readonly events: AlarmEvent[]
  /** values that user code has thrown on purpose */
  readonly thrown: Set<unknown>
  /** what was run, and when */
  readonly runs: { readonly key: string; readonly time: number }[]
  /** actors whose alarm the manager has given up, by their `abandon` */
  readonly givenUp: Set<string>
  /** ms that have passed, which no step of the clock changes */
  elapsed(): number
  step(ms: number): void
  file(name: string): string
  held(key: string): AlarmTime
  /** the newest process */
  current(): Process
  fork(): Process
  /** All die, and the store has forgotten its epochs: the manager holds fences far above them. */
  restore(): void
  connect(scheduler: SchedulerLike): Service
  disconnect(service: Service): void
  /** A process has died; its deliveries are given back, or their leases end by themselves. */
  dropped(process: Process, deliveries: Subscription | null): void
  readonly parts: Parts
  end(kind: string): ObservableInput<unknown>
  ask(process: Process, key: string, what: string): void
  handled(key: string, time: number): void
  /** whether it was before: its retry comes at its own time, also when the clock was set back meanwhile */
  delivered(key: string, time: number): boolean
  record(event: AlarmEvent): void
  noted(event: DeliveryEvent): void
  /** The write reaches the manager; what is returned is called when it has taken the place of what was given up before. */
  replaces(info: WriteInfo): () => void
  /** whether the manager has given the alarm up, and keeps it as failed */
  isKept(key: string): boolean
  /** What can be seen wrong between two steps. */
  look(): void
  calm(): void
  close(): void
}

export function openWorld(library: Library, setting: Setting): World {
  const clock = virtualClock(START)
  const lease = 30_000
  const isFile = setting.manager === 'sqlite' || setting.actor === 'stores'
  const folder = isFile ? mkdtempSync(join(tmpdir(), 'nolater-fuzz-')) : null
  const memory = memoryStore(Number(setting.epoch))
  const processes: Process[] = []
  const events: AlarmEvent[] = []
  const thrown = new Set<unknown>()
  const runs: { key: string; time: number }[] = []
  const deliveredOnce = new Set<string>()
  const kept = new Map<string, DeliveryEvent>()
  const givenUp = new Set<string>()
  const parts = openParts()
  const services: Service[] = []
  const ends = openHandlerEnds(clock, thrown)
  let stepped = 0
  let isCalm = false
  let store: Store = memory
  let names = 0
  let generation = 0

  const elapsed = (): number => clock.now() - stepped - START
  const shared = setting.manager === 'memory' ? library.memoryManager({ scheduler: clock, lease }) : null
  const file = (name: string): string => join(folder!, `${name}.db`)
  const openFile = (scheduler: SchedulerLike) =>
    library.sqliteManager({ file: file('alarms'), scheduler, lease, pollInterval: 1_000, busyTimeout: 1 })
  const observer = shared ?? openFile(clock)
  const held = (key: string): AlarmTime => observer.get(key)

  const judge = openJudge({ keys, held, durable: (key) => store.read(key) })
  const network = openNetwork({
    clock,
    judge,
    usual: (kind) => setting[kind],
    thrown: (value) => thrown.add(value),
  })

  const world: World = {
    library,
    setting,
    clock,
    judge,
    network,
    get store() {
      return store
    },
    memory,
    lease,
    processes,
    events,
    thrown,
    runs,
    givenUp,
    elapsed,
    step(ms) {
      clock.step(ms)
      stepped += ms
      overdue.stepped()
    },
    file,
    held,
    current: () => processes.at(-1)!,
    fork() {
      const process = openProcess(world, `p${++names}`)
      processes.push(process)
      process.resume()
      if (setting.actor === 'stores' && store === memory) store = fileStore(file('actors'))
      return process
    },
    get generation() {
      return generation
    },
    restore() {
      for (const process of [...processes]) process.die()
      generation++
      judge.restored()
      memory.restore()
      world.fork()
    },
    connect(scheduler) {
      if (shared !== null) return shared
      const service = openFile(scheduler)
      services.push(service)
      return service
    },
    disconnect(service) {
      if (service === shared) return
      services.splice(services.indexOf(service), 1)
      service.close?.()
    },
    dropped(process, deliveries) {
      processes.splice(processes.indexOf(process), 1)
      // In memory the manager is a service, whose connection to the process ends; a file only has leases that end.
      if (shared !== null) deliveries?.unsubscribe()
      for (const key of keys) overdue.expectIn(key, 1_100_000)
    },
    parts,
    end: (kind) => (isCalm ? EMPTY : ends.of(kind)),
    ask: (process, key, what) => ask(world, process, key, what),
    delivered(key, time) {
      const alarm = `${key} ${time}`
      const isAgain = deliveredOnce.has(alarm)
      deliveredOnce.add(alarm)
      return isAgain
    },
    handled: (key, time) => void runs.push({ key, time }),
    record: (event) => void events.push(event),
    noted(event) {
      const { key, kind } = event
      judge.look()
      const retryIn = kind === 'failed' && event.retryAt !== null ? event.retryAt - event.at : 0
      overdue.expectIn(key, Math.max(0, retryIn))
      if (kind === 'abandoned') givenUp.add(key)
      if (String(kind) === 'given-up') kept.set(key, event)
      // A lease of the alarm before it may end after it, in another process.
      else if (event.fence >= (kept.get(key)?.fence ?? 0)) kept.delete(key)
    },
    replaces({ key, move }) {
      const before = kept.get(key)
      return () => {
        // What it has set may have been given up by now.
        if (move !== 'same' && kept.get(key) === before) kept.delete(key)
      }
    },
    isKept: (key) => kept.has(key),
    look() {
      judge.look()
      overdue.look()
    },
    calm() {
      isCalm = true
      // Where calls have a limit of time, that is what ends those without an answer.
      network.calm(setting.timeout === 'none')
      parts.calm()
      ends.calm()
    },
    close() {
      for (const process of processes) process.close()
      for (const service of services) service.close?.()
      if (shared === null) (observer as Service).close?.()
      if (store !== memory) store.close()
      if (folder !== null) rmSync(folder, { recursive: true, force: true })
    },
  }

  const overdue = openOverdue(world, keys)
  return world
}
