import { markSwallowed, throwing } from '../operators/reached.ts'
import { type Confirmation, checkConfirmation } from '../vocabulary/check-names.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import type { StoreTransaction } from './store-transaction.ts'

/** What is asked in one turn; it reaches the engine once, at its end. */
export interface Turn {
  /** the newest alarm, `undefined` if it asks for none */
  alarm: AlarmTime | undefined
  /** something in it closes the output gate */
  isConfirmed: boolean
  /** the engine knows: from here on its own gate holds what must wait */
  isNotified: boolean
  /** called once it does */
  readonly notified: Set<() => void>
}

/** The turns of a store: what is written in one goes into one transaction, and to the engine as one intent. */
export interface Turns {
  readonly current: Turn | null
  readonly isInTransaction: boolean
  /** Throws what broke the store. */
  check(): void
  /** Throws what keeps it from being asked: that first, and what is wrong with the question after it. */
  checkOwner(): void
  /** Opens a turn, or joins the open one, and does all of `work` in it, or nothing. */
  join<T>(work: () => T): T
  /** Asks for an alarm. */
  ask(time: AlarmTime, options?: Confirmation): void
  /** Says that something has been written. */
  touch(options?: Confirmation): void
  /** Like `join`, but the outermost one ends the turn, and throws what the engine does. */
  transaction<T>(work: () => T): T
  /** Ends the open turn now, unless it is inside a transaction. */
  end(): void
  /** Takes the open turn away, untold. */
  take(): Turn | null
}

/** What a turn needs of the engine's side. */
export interface TurnEnd {
  /** Throws what broke the store. */
  check(): void
  submit(turn: Turn): void
  fail(error: unknown): void
}

export function storeTurns(transaction: StoreTransaction, engine: TurnEnd): Turns {
  let turn: Turn | null = null
  let depth = 0

  function open(): Turn {
    engine.check()
    try {
      transaction.begin()
    } catch (error) {
      spread()
      throw throwing(error)
    }
    turn ??= openTurn()
    return turn
  }

  /** What ended the transaction for good ends everything. */
  function spread(): void {
    if (transaction.failure !== null) engine.fail(transaction.failure)
  }

  function openTurn(): Turn {
    // A microtask comes after all that is written without an await, and before anything else can come in: no
    // timer, no message, no other code finds the transaction open.
    queueMicrotask(() => {
      try {
        end()
      } catch (error) {
        markSwallowed(error) // the engine keeps it, for all that ask
      }
    })
    return { alarm: undefined, isConfirmed: false, isNotified: false, notified: new Set() }
  }

  function join<T>(work: () => T): T {
    const joined = open()
    const { alarm, isConfirmed } = joined
    depth++
    try {
      return transaction.nest(work)
    } catch (error) {
      Object.assign(joined, { alarm, isConfirmed })
      spread()
      throw throwing(error)
    } finally {
      depth--
    }
  }

  function confirm(asked: Turn, options?: Confirmation): void {
    asked.isConfirmed ||= options?.allowUnconfirmed !== true
  }

  function runTransaction<T>(work: () => T): T {
    const isNew = turn === null
    let result: T
    try {
      result = join(work)
    } catch (error) {
      if (isNew) end()
      throw error
    }
    if (depth > 0) return result
    end()
    engine.check()
    return result
  }

  function end(): void {
    if (depth > 0) return
    const ended = take()
    if (ended !== null) engine.submit(ended)
  }

  function take(): Turn | null {
    const taken = turn
    turn = null
    return taken
  }

  return {
    get current() {
      return turn
    },
    get isInTransaction() {
      return depth > 0
    },
    check: engine.check,
    checkOwner() {
      engine.check()
      try {
        transaction.checkOwner()
      } catch (error) {
        spread()
        throw throwing(error)
      }
    },
    join,
    ask(time, options) {
      checkConfirmation(options)
      const asked = open()
      asked.alarm = time
      confirm(asked, options)
    },
    touch(options) {
      checkConfirmation(options)
      const touched = open()
      transaction.markDirty()
      confirm(touched, options)
    },
    transaction: runTransaction,
    end,
    take,
  }
}
