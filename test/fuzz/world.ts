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
import { openProcess, type Part, type Process } from './process.ts'
import { type Setting, START } from './programme.ts'

export const keys = ['a', 'b', 'c'] as const
const SLACK = 5_000 // ms: a round that was put off, a look at the file
const LOOK = 60_000 // ms after which a clock that was set forward is noticed

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
  expect(key: string, kind: 'run' | 'abandon', part: string): void
  part(key: string): Part
  abandonPart(key: string): Part
  end(kind: string): ObservableInput<unknown>
  ask(process: Process, key: string, what: string): void
  handled(key: string, time: number): void
  /** whether it was before: its retry comes at its own time, also when the clock was set back meanwhile */
  delivered(key: string, time: number): boolean
  record(event: AlarmEvent): void
  noted(event: DeliveryEvent): void
  /** A write has taken the place of an alarm that was given up. */
  replaced(info: WriteInfo): void
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
  const kept = new Set<string>()
  const givenUp = new Set<string>()
  const parts = new Map<string, string[]>()
  const services: Service[] = []
  const ends = openHandlerEnds(clock, thrown)
  /** when an alarm is expected to be delivered at the latest, by what was seen of it */
  const ready = new Map<string, number>()
  const dueSince = new Map<string, number>()
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

  const next = (name: string): Part => {
    const text = isCalm ? undefined : parts.get(name)?.shift()
    const [act = '', end = 'ok'] = text === undefined ? [] : text.includes('/') ? text.split('/') : ['', text]
    return { act, end }
  }

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
      dueSince.clear()
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
      for (const key of keys) ready.set(key, elapsed() + 1_100_000)
    },
    expect(key, kind, part) {
      const name = `${key}.${kind}`
      parts.set(name, [...(parts.get(name) ?? []), part])
    },
    part: (key) => next(`${key}.run`),
    abandonPart: (key) => next(`${key}.abandon`),
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
      ready.set(key, elapsed() + Math.max(0, retryIn))
      if (kind === 'abandoned') givenUp.add(key)
      if (String(kind) === 'given-up') kept.add(key)
      else kept.delete(key)
    },
    replaced({ key, move }) {
      if (move !== 'same') kept.delete(key)
    },
    isKept: (key) => kept.has(key),
    look() {
      judge.look()
      for (const { key, by, since } of judge.running) {
        const process = processes.find(({ name }) => name === by)
        if (process?.isDelivering && elapsed() - since > lease + SLACK)
          judge.fault(`a handler of ${key} goes on after its lease has ended`)
      }
      const isDelivering = processes.some((process) => process.isDelivering)
      for (const key of keys) {
        const time = held(key)
        const isBusy = [...judge.running].some((run) => run.key === key)
        if (time === null || time > clock.now() || isBusy || !isDelivering || kept.has(key)) {
          dueSince.delete(key)
          continue
        }
        if (!dueSince.has(key)) dueSince.set(key, elapsed())
        const since = Math.max(dueSince.get(key)!, ready.get(key) ?? 0)
        if (elapsed() - since > Math.max(lease, LOOK) + SLACK)
          judge.fault(`an alarm of ${key} is due, and is not delivered`)
      }
    },
    calm() {
      isCalm = true
      // Where calls have a limit of time, that is what ends those without an answer.
      network.calm(setting.timeout === 'none')
      parts.clear()
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

  return world
}
