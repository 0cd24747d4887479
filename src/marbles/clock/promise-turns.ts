import { MarblesError } from '../scenario/marbles-error.ts'

/** Turns that a chain of promises and immediates may take, one after the other, in a moment of virtual time. */
const TURNS = 10_000
/** Promises that may be used in one turn: a chain of them that does not end would never let the next turn begin. */
const USES = 1_000_000

// Taken now: a run replaces it, and a test's fake timers must not hold up the turns.
const nextTurn = globalThis.setImmediate

/** The turns of the platform between two moments of virtual time. */
export interface Turns {
  /** lets each promise settle that can, without the clock and the world outside; throws `MARBLES_FAULT` where that does not end */
  settle(): Promise<void>
  close(): void
}

/**
 * Watches promises, in order to notice what is still under way.
 *
 * `then`, and `await` of a promise, read its `constructor`, which is the one thing that they have in common. What throws there ends a chain
 * that would leave no turn for anything else.
 */
export function openTurns(): Turns {
  let uses = 0
  let endless: MarblesError | null = null
  const use = (): void => {
    // Once: what the chain has failed of is to get to where it is caught.
    if (++uses % USES !== 0) return
    endless ??= unending(`${USES} promises`)
    throw endless
  }
  const own = Object.getOwnPropertyDescriptor(Promise.prototype, 'constructor')!
  Object.defineProperty(Promise.prototype, 'constructor', {
    configurable: true,
    get() {
      use()
      return own.value
    },
    // As an ordinary property does: what inherits from it may have its own.
    set(value) {
      Object.defineProperty(this, 'constructor', { value, configurable: true, writable: true })
    },
  })
  const immediate = countImmediates(() => uses++)

  return {
    async settle() {
      for (let turn = 0; turn < TURNS; turn++) {
        uses = 0
        await new Promise((resolve) => nextTurn(resolve))
        if (endless !== null) throw endless
        // One use is that of the turn itself.
        if (uses <= 1) return
      }
      throw unending(`${TURNS} turns`)
    },
    close() {
      Object.defineProperty(Promise.prototype, 'constructor', own)
      immediate()
    },
  }
}

function countImmediates(use: () => void): () => void {
  const { setImmediate: own } = globalThis
  globalThis.setImmediate = ((run: (...args: unknown[]) => void, ...args: unknown[]) => {
    use()
    return nextTurn(
      (...given) => {
        use()
        run(...given)
      },
      ...args,
    )
  }) as typeof setImmediate
  return () => {
    globalThis.setImmediate = own
  }
}

const unending = (used: string): MarblesError =>
  new MarblesError(
    'MARBLES_FAULT',
    `Expected promises to settle between two columns; after ${used} there are still more. ` +
      'End the loop, or let it wait by the clock: timer(ms, scheduler).',
  )
