import type { PoolClient } from 'pg'
import { firstValueFrom, type SchedulerLike, timer } from 'rxjs'
import { elapsedOf } from '../vocabulary/elapsed.ts'
import type { Database } from './database.ts'
import { quoteName } from './schema-name.ts'

const REST = 500 // ms, before a connection that broke is made again

/**
 * Where processes notify each other of alarms that will soon be due. A hint and no more: a pooler in transaction mode, or a connection that
 * is cut, loses it, and the next poll finds the alarm.
 */
const channelOf = (db: Database): string => `nolater ${db.name}`

/** Has `written` called with the ms until something is due that another process than `own` wrote. Keeps a connection. */
export function listenForDue(
  db: Database,
  scheduler: SchedulerLike,
  own: string,
  written: (dueIn: number) => void,
): { stop(): void } {
  const channel = quoteName(channelOf(db))
  let isStopped = false
  let drop = (): void => {}

  async function listen(): Promise<void> {
    while (!isStopped) {
      try {
        await hold(await db.connect())
      } catch {} // the looks say what is wrong with the server
      if (!isStopped) await firstValueFrom(timer(REST, scheduler))
    }
  }

  /** Until the connection breaks, or nothing is to be listened for. */
  async function hold(client: PoolClient): Promise<void> {
    const isOver = new Promise<void>((resolve) => {
      client.once('end', resolve)
      drop = resolve
    })
    client.on('notification', ({ payload = '' }) => {
      const [from, dueIn] = payload.split(' ')
      if (from !== own) written(Number(dueIn))
    })
    try {
      if (isStopped) return
      await client.query({ text: `LISTEN ${channel}`, query_timeout: db.timeout } as { text: string })
      written(0) // what was sent before is not known
      await isOver
    } finally {
      client.release(true) // what uses it next has not asked for notifications
    }
  }

  void listen()
  return {
    stop() {
      isStopped = true
      drop()
    },
  }
}

/**
 * Notifies the listening processes of what is due, unless they look by then anyway: a look finds all that was committed before it.
 *
 * Sent after the commit, one at a time: inside of it, each would wait for the disk under a lock that the whole server has once.
 */
export function notifyOfDue(db: Database, scheduler: SchedulerLike, own: string): (dueIn: number) => void {
  const elapsed = elapsedOf(scheduler)
  let notified = -1 // when they look next, on the monotonic clock; in the past: not known
  let next: number | null = null
  let isSending = false

  async function send(): Promise<void> {
    isSending = true
    while (next !== null) {
      notified = next
      next = null
      const dueIn = Math.max(0, Math.ceil(notified - elapsed()))
      await db.query('SELECT pg_notify($1, $2)', [channelOf(db), `${own} ${dueIn}`]).catch(() => {
        notified = -1
      })
    }
    isSending = false
  }

  return (dueIn) => {
    const now = elapsed()
    const due = now + Math.max(0, dueIn)
    if (notified > now && notified <= due) return
    next = next === null ? due : Math.min(next, due)
    if (!isSending) void send()
  }
}
