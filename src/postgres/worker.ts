import { EventEmitter } from 'node:events'
import type { WorkerEvents, WorkerPool } from 'graphile-worker'
import type { Pool } from 'pg'
import { firstValueFrom, type SchedulerLike, timer } from 'rxjs'
import { canPass } from '../ledger/stall.ts'
import type { Engine } from './database.ts'
import type { Slots } from './slots.ts'
import { TASK } from './statements.ts'

export interface WorkerOptions {
  readonly engine: Engine
  readonly pool: Pool
  /** its plain name */
  readonly schema: string
  readonly pollInterval: number
  readonly scheduler: SchedulerLike
  readonly slots: Slots
  /** how many look for jobs at a time */
  readonly pollers: number
  /** Takes an alarm. Never fails; the place that was reserved for it is then its own. */
  take(id: string): Promise<void>
  /** Resolves when the server answers, and the tables are still ours. */
  check(): Promise<void>
  /** What cannot pass keeps it from beginning. */
  failed(error: unknown): void
  /** something was written, by any process */
  written(): void
}

/** graphile-worker, kept at work: what ends it is not the end of the deliveries. */
export interface Worker {
  /** Lets it look at once. */
  nudge(): void
  /** Stops looking; resolves when what was taken is with us. */
  stop(): Promise<void>
}

const REST = 500 // ms, before what ended is begun again
const GRACE = 1_000 // ms, for the last jobs to be completed

export function openWorker(options: WorkerOptions): Worker {
  const { engine, schema, pollInterval, scheduler, slots, pollers } = options
  const { Logger, runTaskList } = engine
  const halted = new Map<WorkerPool, () => void>()
  let isStopped = false
  let current: WorkerPool | null = null
  let hasLooked = false

  const events: WorkerEvents = new EventEmitter()
  // The place that was reserved for a job is free again where there was none.
  events.on('worker:getJob:empty', () => {
    hasLooked = true
    slots.free()
  })
  events.on('worker:getJob:error', ({ worker }) => {
    slots.free()
    // Should its first query of all fail, it would go on failing with that error.
    if (!hasLooked && worker.workerPool === current) queueMicrotask(() => retire(worker.workerPool))
  })
  events.on('job:start', () => {
    hasLooked = true
  })
  events.on('pool:listen:notification', ({ message }) => {
    if (message.channel === 'worker:migrate') keepExitCode()
    options.written()
  })
  // It gives itself up when a job cannot be completed. Its promise is not waited for: it may never settle.
  events.on('pool:gracefulShutdown', () => {
    current = null
    timer(REST, scheduler).subscribe(begin)
  })
  for (const end of ['pool:gracefulShutdown:complete', 'pool:gracefulShutdown:error'] as const) {
    events.on(end, ({ workerPool }) => halted.get(workerPool)?.())
  }

  async function begin(): Promise<void> {
    if (!(await isReady())) return
    hasLooked = false
    current = runTaskList(
      {
        schema,
        pollInterval,
        events,
        concurrency: pollers,
        logger: new Logger(() => () => {}),
        noHandleSignals: true, // when the process ends is the application's business
        forbiddenFlags: slots.reserve, // nothing is forbidden; it is what is asked before every look
        // Without a batch, a job that cannot be completed is an unhandled rejection, which ends the process.
        preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      },
      { [TASK]: (payload) => options.take((payload as { id: string }).id) },
      plain(options.pool),
    )
    current.promise.catch(() => {})
  }

  /** To begin before the server answers would only fail. */
  async function isReady(): Promise<boolean> {
    while (!isStopped) {
      try {
        await options.check()
        break
      } catch (error) {
        if (!canPass(error)) {
          options.failed(error)
          return false
        }
        await firstValueFrom(timer(REST, scheduler))
      }
    }
    return !isStopped
  }

  function retire(pool: WorkerPool): void {
    if (pool === current) Promise.resolve(pool.gracefulShutdown()).catch(() => {})
  }

  void begin()
  return {
    nudge: () => current?.nudge(pollers),
    async stop() {
      isStopped = true
      slots.open()
      const running = current
      if (running === null) return
      const isHalted = new Promise<void>((resolve) => halted.set(running, resolve))
      const isOver = Promise.resolve(running.gracefulShutdown()).catch(() => {})
      await isHalted
      await Promise.race([isOver, firstValueFrom(timer(GRACE, scheduler))])
    },
  }
}

/**
 * When any schema of the database is made or brought further, graphile-worker stops, for fear that it was its own, and has the process end
 * with 57. It is begun again if its own is still one that it can work with.
 */
function keepExitCode(): void {
  const { exitCode } = process
  queueMicrotask(() => {
    if (process.exitCode === 57) process.exitCode = exitCode
  })
}

type Connected = Parameters<Parameters<Pool['connect']>[0]>

/**
 * A pool as graphile-worker can bear it.
 *
 * Its errors have no codes: by some of them graphile-worker would rest for minutes, and look for nothing, however soon the server is back.
 * A connection can be released twice: graphile-worker does, and where it cannot be caught, when it stops as it breaks.
 */
function plain(pool: Pool): Pool {
  const uncoded = (error: Error): Error => new Error(error.message, { cause: error })
  return {
    connect(done?: (...args: Connected) => void) {
      if (done === undefined) {
        return pool.connect().catch((error) => {
          throw uncoded(error)
        })
      }
      return pool.connect((error, client, release) => {
        let isReleased = false
        done(error && uncoded(error), client, (broken) => {
          if (isReleased) return
          isReleased = true
          release(broken)
        })
      })
    },
  } as unknown as Pool
}
