import type { AlarmDelivery, AlarmManager, AlarmTime, WakeupInfo } from 'nolater'
import { type PostgresStore, type PostgresStoreOptions, postgresStore } from 'nolater/postgres'
import type { ClientBase } from 'pg'
import { type Observable, of } from 'rxjs'
import type { Mood } from '../../examples/fleet/mix.ts'
import { sleep } from '../postgres/rig.ts'
import { note, standing } from './tables.ts'

export interface ActorOptions {
  readonly key: string
  readonly schema: string
  readonly manager: AlarmManager
  /** where the manager cannot lend its own */
  readonly pool: PostgresStoreOptions['pool']
  moodOf(alarm: number): Mood
  /** What was asked has left the actor: from here on somebody relies on it. */
  answered(op: string): void
  /** answers before the commit: one of the saboteurs */
  readonly isLeaky: boolean
  broken(error: unknown): void
}

/** One actor in one process; another process may take it away at any time. */
export interface Actor {
  readonly isBroken: boolean
  /** Rejects with what keeps it from being asked. */
  ask(op: string, time: AlarmTime): Promise<void>
  deliver(delivery: AlarmDelivery): Observable<unknown>
  close(): Promise<void>
}

export async function openActor(options: ActorOptions): Promise<Actor> {
  const { key, schema, manager, pool } = options
  const store = await postgresStore({
    key,
    manager,
    ...(pool !== undefined && { pool, schema, migrate: false }),
    retry: { delay: (attempt) => 50 * 2 ** attempt },
  })
  let isBroken = false
  store.alarm.events$.subscribe({
    error(error) {
      isBroken = true
      options.broken(error)
    },
  })

  async function ask(op: string, time: AlarmTime): Promise<void> {
    let isRefused = false
    await store.commitWith(async (client) => {
      // What is due is delivered before anything replaces it. One look at the clock decides and is noted, and nobody else has committed
      // anything for this actor when this transaction commits.
      const now = Date.now()
      const { time: stands, hasBegun } = await standing(client, schema, key)
      isRefused = stands !== null && stands <= now && !hasBegun
      if (isRefused) return
      await move(client, time, now, op)
      if (options.isLeaky) options.answered(op)
    })
    if (isRefused || options.isLeaky) return
    of(op)
      .pipe(store.alarm.holdUntilConfirmed())
      .subscribe({ next: options.answered, error() {} })
  }

  /** The alarm and the line that tells of it, in one transaction. */
  async function move(client: ClientBase, time: AlarmTime, real: number, op: string | null): Promise<void> {
    await note(client, schema, {
      key,
      real,
      kind: time === null ? 'delete' : 'set',
      time,
      stands: time,
      op,
      epoch: store.epoch,
    })
    if (time === null) store.alarm.delete()
    else store.alarm.set(time)
  }

  async function handle({ scheduledTime, retryCount }: WakeupInfo): Promise<void> {
    const { works, fails, again } = options.moodOf(scheduledTime)
    const tell = (client: ClientBase, kind: 'began' | 'done' | 'failed'): Promise<void> =>
      note(client, schema, {
        key,
        real: Date.now(),
        kind,
        time: scheduledTime,
        stands: store.alarm.time,
        op: null,
        epoch: store.epoch,
      })
    await store.commitWith((client) => tell(client, 'began'))
    if (works > 0) await sleep(works)
    if (retryCount < fails) {
      await store.commitWith((client) => tell(client, 'failed'))
      throw new Error('a handler in a bad mood')
    }
    await store.commitWith(async (client) => {
      await tell(client, 'done')
      const now = Date.now()
      if (again !== null && store.alarm.time === null) await move(client, now + again, now, null)
    })
  }

  return {
    get isBroken() {
      return isBroken
    },
    ask,
    deliver: (delivery) => store.alarm.deliver(delivery, handle),
    close: () => (store satisfies PostgresStore).close(),
  }
}
