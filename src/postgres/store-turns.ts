import { AsyncLocalStorage } from 'node:async_hooks'
import type { ClientBase, PoolClient } from 'pg'
import { AlarmError } from '../errors.ts'
import type { Alarm } from '../open-alarm.ts'
import type { AlarmTime } from '../time.ts'
import type { ActorRow } from './actor-row.ts'

/** One call of `commitWith`: a transaction, and what it asks of the alarm. */
interface Turn {
  readonly client: PoolClient
  /** the newest alarm, `undefined` if it asks for none */
  alarm: AlarmTime | undefined
  /** the engine knows what it asks for, so that the next commit is this one's */
  isTold: boolean
  commit: Promise<void> | null
}

/**
 * The transactions of one store, one after the other.
 *
 * The engine hears of one when its statements have succeeded: of its alarm, or that something changed. The commit that it then asks
 * for is that of the transaction, with the alarm in it. Until then it is as if the transaction had not begun.
 */
export interface Turns {
  /** how many were asked for, and of how many the engine has heard, or never will */
  readonly asked: number
  readonly told: number
  /** called when one more is told */
  readonly listeners: Set<() => void>
  /** the open one, if it is its own function that asks */
  readonly current: { alarm: AlarmTime | undefined } | null
  run<T>(work: (client: ClientBase) => T | PromiseLike<T>): Promise<T>
  /** Makes the alarm durable, with all that the told one holds. */
  commit(time: AlarmTime): Promise<void>
  /** Resolves when none is left. */
  idle(): Promise<unknown>
}

const inside = new AsyncLocalStorage<Turn>()

/** A connection, and what gives it back: for good, or to be thrown away. */
export interface Lent {
  readonly client: PoolClient
  giveBack(isUsable: boolean): void
}

/** Where the connections come from. */
export interface Lender {
  /** one of those that transactions may have at a time */
  forTransaction(): Promise<Lent>
  /** for a statement that waits for nothing */
  forStatement(): Promise<Lent>
  /** what has broken a connection, as an error of the store's */
  broken(error: unknown): unknown
}

export function storeTurns(lender: Lender, row: ActorRow, engine: () => Alarm): Turns {
  const listeners = new Set<() => void>()
  let tail: Promise<unknown> = Promise.resolve()
  let turn: Turn | null = null
  let asked = 0
  let told = 0

  const isInside = (): boolean => turn?.isTold === false && inside.getStore() === turn

  function run<T>(work: (client: ClientBase) => T | PromiseLike<T>): Promise<T> {
    if (isInside()) return Promise.reject(nested())
    const own = ++asked
    const result = tail.then(() => one(work, () => count(own))).finally(() => count(own))
    tail = result.catch(() => {})
    return result
  }

  function count(own: number): void {
    if (told >= own) return
    told = own
    for (const listener of [...listeners]) listener()
  }

  async function one<T>(work: (client: ClientBase) => T | PromiseLike<T>, isTold: () => void): Promise<T> {
    void engine().time // throws what broke it
    const { client, giveBack } = await lender.forTransaction()
    const own: Turn = { client, alarm: undefined, isTold: false, commit: null }
    const name = crypto.randomUUID()
    let isUsable = true
    turn = own
    try {
      await row.begin(client, name)
      const result = await inside.run(own, async () => work(client))
      await row.check(client, name)
      try {
        const durable = tell(own)
        isTold()
        await durable
      } catch (error) {
        if (!(await isDone(own.commit))) throw error // or it was closed when this was as good as committed
      }
      return result
    } catch (error) {
      // Whatever has failed, nothing of it may stay; a connection that cannot even roll back is thrown away.
      isUsable = await isDone(client.query('ROLLBACK'))
      throw isUsable ? error : lender.broken(error)
    } finally {
      turn = null
      giveBack(isUsable)
    }
  }

  /** Tells the engine what the transaction asks for; resolves when it is durable. */
  function tell(own: Turn): Promise<void> {
    own.isTold = true
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
    await client.query('COMMIT')
  }

  async function alone(time: AlarmTime): Promise<void> {
    const { client, giveBack } = await lender.forStatement()
    let isUsable = false
    try {
      await row.save(client, time)
      isUsable = true
    } finally {
      giveBack(isUsable)
    }
  }

  return {
    get asked() {
      return asked
    },
    get told() {
      return told
    },
    get current() {
      return isInside() ? turn : null
    },
    listeners,
    run,
    commit(time) {
      const own = turn
      if (own === null || !own.isTold || own.commit !== null) return alone(time)
      own.commit = commitWith(own.client, time)
      return own.commit
    },
    idle: () => tail,
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

function nested(): AlarmError {
  return new AlarmError(
    'ALARM_TRANSACTION_INVALID',
    'commitWith was called inside of commitWith, where it would wait for itself. Use the client at hand.',
    { counted: false },
  )
}
