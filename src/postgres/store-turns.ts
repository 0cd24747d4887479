import { AsyncLocalStorage } from 'node:async_hooks'
import type { ClientBase, PoolClient } from 'pg'
import { firstValueFrom, from, merge } from 'rxjs'
import type { Alarm } from '../actor/open-alarm.ts'
import { currentRun, type HandlerRun } from '../changes/handler-run.ts'
import type { AlarmError } from '../vocabulary/errors.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import { aborted } from './aborted.ts'
import type { ActorRow } from './actor-row.ts'
import type { Backend, Lender } from './lent-connections.ts'
import { loanOf } from './loan.ts'
import { deliveryOver, nested } from './turn-errors.ts'

/** One call of `commitWith`: a transaction, and what it asks of the alarm. */
interface Turn {
  /** of the store that it belongs to */
  readonly row: ActorRow
  /** In another one than this its function does not ask: a manager may call a handler in any context. */
  readonly handler: HandlerRun | undefined
  readonly client: PoolClient
  /** the newest alarm, `undefined` if it asks for none */
  alarm: AlarmTime | undefined
  /** the engine knows what it asks for, so that the next commit is this one's */
  isNotified: boolean
  rolledBack: { readonly because: unknown } | null
  commit: Promise<void> | null
}

/**
 * The transactions of one store, one after the other.
 *
 * The engine is notified of one when its statements have succeeded: of its alarm, or that something changed. The commit that it then asks
 * for is that of the transaction, with the alarm in it. Until then it is as if the transaction had not begun, and it can be cut:
 * when the store is closed, when the handler's run is over that it belongs to, when its connection breaks.
 */
export interface Turns {
  /** how many were asked for, and of how many the engine was notified, or never will be */
  readonly asked: number
  readonly notified: number
  /** called when the engine was notified of one more */
  readonly listeners: Set<() => void>
  /** the open one, if it is its own function that asks; throws why it was rolled back */
  readonly current: { alarm: AlarmTime | undefined; readonly client: ClientBase } | null
  /** says whether the one is still open of whose function this is called, `null` where it is called of none */
  inside(): (() => boolean) | null
  run<T>(work: (client: ClientBase) => T | PromiseLike<T>): Promise<T>
  /** Makes the alarm durable, with all that the transaction of the last notification holds. */
  commit(time: AlarmTime): Promise<void>
  /** Cuts those of which the engine was not notified, and takes none from here on (`ALARM_CLOSED`). */
  cut(error: AlarmError): void
  /** Closes the engine, and cuts all; resolves when none is left. */
  close(): Promise<unknown>
}

const inside = new AsyncLocalStorage<Turn>()

export function storeTurns(lender: Lender, row: ActorRow, engine: () => Alarm): Turns {
  const listeners = new Set<() => void>()
  const open = new Set<AbortController>()
  let tail: Promise<unknown> = Promise.resolve()
  let turn: Turn | null = null
  let asked = 0
  let notified = 0
  let closed: AlarmError | null = null

  /** The one of whose function this is called, until the engine is notified of it. */
  function asking(): Turn | null {
    const own = inside.getStore()
    return own?.row === row && own.handler === currentRun() && !own.isNotified ? own : null
  }

  function isOpen(own: Turn): boolean {
    return !own.isNotified && own.rolledBack === null
  }

  function run<T>(work: (client: ClientBase) => T | PromiseLike<T>): Promise<T> {
    const outer = asking()
    if (outer !== null && isOpen(outer)) return Promise.reject(nested())
    const handler = currentRun()
    if (closed !== null) return Promise.reject(closed)
    if (handler?.closed === true) return Promise.reject(deliveryOver())
    const own = ++asked
    const over = new AbortController()
    const cut = (): void => over.abort(deliveryOver())
    open.add(over)
    if (handler?.closed === false) handler.add(cut)
    const result = tail
      .then(() => one(work, handler, over, () => count(own)))
      .finally(() => {
        count(own)
        open.delete(over)
        handler?.remove(cut)
      })
    tail = result.catch(() => {})
    return result
  }

  function count(own: number): void {
    if (notified >= own) return
    notified = own
    for (const listener of [...listeners]) listener()
  }

  async function one<T>(
    work: (client: ClientBase) => T | PromiseLike<T>,
    handler: HandlerRun | undefined,
    over: AbortController,
    isNotified: () => void,
  ): Promise<T> {
    const { signal } = over
    void engine().time // throws what broke it
    const lent = await lender.forTransaction({
      signal,
      end: cutAll,
      lost: (error) => over.abort(error),
    })
    const { client } = lent
    const own: Turn = {
      row,
      handler,
      client,
      alarm: undefined,
      isNotified: false,
      rolledBack: null,
      commit: null,
    }
    let backend: Backend | null = null
    turn = own
    async function attempt(): Promise<T> {
      const name = crypto.randomUUID()
      backend = await row.begin(client, name)
      signal.throwIfAborted() // a function that has not begun never does
      const loan = loanOf(client)
      const result = await inside.run(own, async () => work(loan.client)).finally(loan.end)
      await row.check(client, name)
      return result
    }
    try {
      const result = await firstValueFrom(merge(from(attempt()), aborted(signal)))
      try {
        const durable = tell(own)
        isNotified()
        await durable
      } catch (error) {
        if (!(await isDone(own.commit))) throw error // or it was closed when this was as good as committed
      }
      lent.giveBack()
      return result
    } catch (error) {
      own.rolledBack = { because: error }
      const isCut = signal.aborted && !own.isNotified
      // After any failure nothing of it may stay. A function that was cut may still use its client, so that is not lent again.
      if (!isCut && (await isDone(row.rollBack(client)))) {
        lent.giveBack()
        throw isLocked(error) ? lender.broken(error) : error
      }
      await lent.end(backend)
      throw isCut ? signal.reason : lender.broken(error)
    } finally {
      turn = null
    }
  }

  function cutAll(): void {
    engine().close()
    for (const over of open) over.abort(failureOf(engine()))
  }

  /** Tells the engine what the transaction asks for; resolves when it is durable. */
  function tell(own: Turn): Promise<void> {
    own.isNotified = true
    if (own.alarm === null) engine().delete()
    else if (own.alarm !== undefined) engine().set(own.alarm)
    // Where the alarm stays what it is, the rest must be committed nevertheless.
    if (own.commit === null) engine().touch()
    return new Promise((resolve, reject) => {
      engine().confirmed().subscribe({ error: reject, complete: resolve })
    })
  }

  async function commitWith(client: ClientBase, time: AlarmTime): Promise<void> {
    await row.save(client, time)
    await row.commit(client)
  }

  async function alone(time: AlarmTime): Promise<void> {
    const lent = await lender.forStatement()
    try {
      await row.save(lent.client, time)
    } catch (error) {
      await lent.end(null)
      throw error
    }
    lent.giveBack()
  }

  return {
    get asked() {
      return asked
    },
    get notified() {
      return notified
    },
    get current() {
      const own = asking()
      if (own !== null && own.rolledBack !== null) throw own.rolledBack.because
      return own
    },
    inside() {
      const own = asking()
      return own === null || !isOpen(own) ? null : () => isOpen(own)
    },
    listeners,
    run,
    commit(time) {
      const own = turn
      if (own === null || !own.isNotified || own.commit !== null) return alone(time)
      own.commit = commitWith(own.client, time)
      return own.commit
    },
    cut(error) {
      closed = error
      for (const over of open) over.abort(error)
    },
    close() {
      cutAll()
      return tail
    },
  }
}

function isDone(work: Promise<unknown> | null): Promise<boolean> {
  return work === null
    ? Promise.resolve(false)
    : work.then(
        () => true,
        () => false,
      )
}

/** A lock that was not granted is no fault of this actor: the handler that it failed is tried again. */
function isLocked(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === '55P03'
}

/** What keeps an alarm from being used. */
function failureOf(engine: Alarm): unknown {
  try {
    return engine.time
  } catch (error) {
    return error
  }
}
