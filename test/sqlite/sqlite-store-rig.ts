import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  config,
  EMPTY,
  NEVER,
  type Observable,
  type ObservableInput,
  Subject,
  VirtualTimeScheduler,
} from 'rxjs'
import { afterAll, afterEach } from 'vitest'
import type { DeliveryOutcome } from '../../src/actor/delivery/outcome.ts'
import { type ActorStore, type SqliteStoreOptions, sqliteStore } from '../../src/sqlite/sqlite-store.ts'
import type { AlarmManager, WriteInfo } from '../../src/vocabulary/manager.ts'
import type { AlarmTime } from '../../src/vocabulary/time.ts'
import { injectedClock } from '../injected-clock.ts'

// Alarms break here by the thousand, with no subscriber: what becomes of such errors is tested in reached.test.ts.
config.onUnhandledError = () => {}

const directory = mkdtempSync(join(tmpdir(), 'nolater-store-'))
let files = 0
let opened: { close(): Promise<void> }[] = []

afterEach(() => {
  for (const one of opened) one.close().catch(() => {}) // its manager may be one that does not answer
  opened = []
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

export function newPath(): string {
  return join(directory, `${++files}.db`)
}

/** A manager that answers as its script says: at once, unless told otherwise. */
export function managerOf(
  write: (time: AlarmTime, info: WriteInfo) => ObservableInput<unknown> = () => EMPTY,
): AlarmManager {
  return { write: (_key, time, info) => write(time, info), deliveries: () => NEVER }
}

export function open(options: Partial<SqliteStoreOptions> = {}): ActorStore {
  const usual = {
    file: newPath(),
    key: 'a',
    manager: managerOf(),
    scheduler: injectedClock,
    reconcile: false,
  }
  const store = sqliteStore({ ...usual, ...options })
  opened.push(store)
  return store
}

/** What a stranger to the store sees in its file: what is committed. */
export function look(file: string): { alarm: AlarmTime; epoch: number; values: string[] } {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    const { alarm, epoch } = db.prepare('SELECT * FROM _nolater_actor').get() as {
      alarm: AlarmTime
      epoch: number
    }
    const values = db.prepare('SELECT key FROM _nolater_values ORDER BY key').all()
    return { alarm, epoch, values: values.map(({ key }) => String(key)) }
  } finally {
    db.close()
  }
}

/** Whether a write transaction is open on the file. */
export function isLocked(file: string): boolean {
  const db = new DatabaseSync(file, { timeout: 0 })
  try {
    db.exec('BEGIN IMMEDIATE; ROLLBACK')
    return false
  } catch {
    return true
  } finally {
    db.close()
  }
}

/** The end of the turn. */
export const turn = (): Promise<void> => Promise.resolve().then(() => {})

/** A store whose manager and whose commit (its `replicate`) wait for the test. */
export interface Script {
  readonly store: ActorStore
  readonly file: string
  readonly clock: VirtualTimeScheduler
  /** the outside calls when the opening had been replicated */
  readonly opened: readonly string[]
  /** ends the turn; the outside calls since the last look */
  calls(): Promise<string[]>
  /** the outside calls so far, within the turn */
  now(): string[]
  /** the oldest call that waits, or the one named, succeeds or fails; then as `calls` */
  ok(call?: string): Promise<string[]>
  fail(message: string): Promise<string[]>
  /** set(t), all of it acknowledged */
  init(time: number): Promise<void>
  /** sends a value through the output gate */
  send(): { readonly state: string }
  /** a delivery arrives */
  arm(time: number): Arrival
}

interface Arrival {
  /** how often the handler was run */
  readonly runs: number
  readonly outcomes: (DeliveryOutcome | Error)[]
  /** the handler succeeds, or fails */
  succeed(): void
  fail(error?: unknown): void
}

export async function script(options: Partial<SqliteStoreOptions> = {}): Promise<Script> {
  const file = options.file ?? newPath()
  const clock = new VirtualTimeScheduler()
  const waiting: { call: string; answer: Subject<never> }[] = []
  let log: string[] = []
  const call = (name: string): Observable<never> => {
    const answer = new Subject<never>()
    log.push(name)
    waiting.push({ call: name, answer })
    return answer
  }
  const store = open({
    file,
    manager: managerOf((time) => call(`write ${time ?? 'none'}`)),
    replicate: () => call('commit'),
    scheduler: clock,
    ...options,
  })
  const now = (): string[] => {
    const calls = log
    log = []
    return calls
  }
  const calls = async (): Promise<string[]> => {
    await turn()
    return now()
  }
  const answer = (name?: string): Subject<never> => {
    const at = name === undefined ? 0 : waiting.findIndex((one) => one.call === name)
    const [found] = waiting.splice(at, 1)
    if (at < 0 || found === undefined) throw new Error(`no ${name ?? 'call'} waits`)
    return found.answer
  }
  const rig: Script = {
    store,
    opened: [],
    file,
    clock,
    now,
    calls,
    ok(name) {
      answer(name).complete()
      return calls()
    },
    fail(message) {
      answer().error(new Error(message))
      return calls()
    },
    async init(time) {
      store.alarm.set(time)
      await calls()
      await rig.ok()
      await rig.ok()
    },
    send() {
      const values = new Subject<number>()
      const sent = { state: 'closed' }
      values.pipe(store.alarm.holdUntilConfirmed()).subscribe({
        next: () => {
          sent.state = 'open'
        },
        error: (error) => {
          sent.state = `broken(${error.cause?.message ?? error.message})`
        },
      })
      values.next(1)
      return sent
    },
    arm(scheduledTime) {
      const handler = new Subject<never>()
      const arrival = { runs: 0, outcomes: [] as (DeliveryOutcome | Error)[] }
      store.alarm
        .deliver({ scheduledTime }, () => {
          arrival.runs++
          return handler
        })
        .subscribe({
          next: (outcome) => arrival.outcomes.push(outcome),
          error: (error) => arrival.outcomes.push(error),
        })
      return Object.assign(arrival, {
        succeed: () => handler.complete(),
        fail: (error: unknown = new Error('the handler failed')) => handler.error(error),
      })
    },
  }
  if (options.replicate === undefined && 'replicate' in options) return rig
  now()
  return Object.assign(rig, { opened: await rig.ok('commit') })
}
