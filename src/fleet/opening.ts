import type { Subscription } from 'rxjs'
import { Work } from '../actor/work.ts'
import type { AlarmTime } from '../vocabulary/time.ts'

/**
 * The work of an actor whose alarm is being loaded: no rule is applied while it is not known what the store holds.
 *
 * From outside it looks like a write in flight. Intents conflate as they do then: the newest time stands, and the gate is closed if
 * any of them closes it.
 */
export class Opening extends Work {
  /** the newest alarm asked for, `undefined` if there is none */
  wanted: AlarmTime | undefined = undefined
  /** it took the place of another one, which came with a state of its own */
  isReplaced = false
  isStarted = false
  load: Subscription | null = null

  constructor() {
    super()
    this.writing = true
    this.asked = 1 // itself: what waits to be confirmed waits for the store's answer at least
  }

  ask(unconfirmed: boolean): void {
    this.asked++
    if (!unconfirmed) this.gated = this.asked
  }

  /** how many intents and touches would be lost with it */
  get lost(): number {
    return this.asked - 1
  }

  /** It is loaded: from here on it is work like any other. `isOwed`: the manager is to be given once what the store holds. */
  begin(isOwed: boolean): void {
    this.writing = false
    this.owed = isOwed // not at once: the write that an intent asks for tells it as well
  }

  override close(): void {
    this.load?.unsubscribe()
    super.close()
  }
}
