import type { AlarmTime } from '../../src/index.ts'
import type { Judge } from '../world/judge.ts'

/** What one process's application wants of its actors, as far as the application itself knows. */
export interface Intents {
  /** Passes an intent on. */
  asks(key: string, time: AlarmTime, pass: () => void): void
  /** The store is asked what it holds: nothing that was asked before counts, but for what is being asked. */
  loads(key: string): void
  /** It has answered. */
  loaded(key: string, time: AlarmTime): void
  /** All that was asked of the actor is lost. */
  lost(key: string): void
  /** A handler starts; what is returned says that it has succeeded. */
  runs(key: string, scheduledTime: number): () => void
  /** The manager gives an alarm up. */
  givenUp(key: string): void
  /** An incarnation was asked for it: with that one it is lost. */
  reached(key: string, time: AlarmTime): void
  /** A commit must carry what was asked last; or none, where the handler of that has succeeded, or it was given up. */
  commits(key: string, time: AlarmTime): void
}

interface Intent {
  time: AlarmTime
  /** an incarnation was asked for it */
  isReached: boolean
  /** it may be deleted without having been asked for */
  isOver: boolean
}

export function openIntents(judge: Judge): Intents {
  const intents = new Map<string, Intent>()
  const givenUp = new Set<string>()
  let asking: string | null = null
  return {
    asks(key, time, pass) {
      const before = intents.get(key)
      const own = { time, isReached: false, isOver: false }
      intents.set(key, own)
      const outer = asking
      asking = key
      const wasGivenUp = givenUp.delete(key)
      try {
        pass() // which may deliver it, and give it up
      } catch (error) {
        if (wasGivenUp) givenUp.add(key)
        if (intents.get(key) === own) {
          // Refused: what was known before still is, be it nothing.
          if (before === undefined) intents.delete(key)
          else intents.set(key, before)
        }
        throw error
      } finally {
        asking = outer
      }
    },
    loads(key) {
      if (asking !== key || intents.get(key)?.isReached) intents.delete(key)
    },
    loaded(key, time) {
      if (!intents.has(key)) intents.set(key, { time, isReached: false, isOver: false })
    },
    lost: (key) => void intents.delete(key),
    runs(key, scheduledTime) {
      const intent = intents.get(key)
      return () => {
        // What was asked meanwhile stands, be it the very same time.
        if (intent !== undefined && intent === intents.get(key) && intent.time === scheduledTime)
          intent.isOver = true
      }
    },
    givenUp(key) {
      givenUp.add(key)
    },
    reached(key, time) {
      const intent = intents.get(key)
      if (intent?.time === time) intent.isReached = true
    },
    commits(key, time) {
      const intent = intents.get(key)
      if (intent === undefined || intent.time === time) return
      if (time === null && (intent.isOver || givenUp.has(key))) return
      judge.fault(`${key}: what is committed is the newest intent`)
    },
  }
}
