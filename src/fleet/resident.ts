import type { Observable } from 'rxjs'
import type { FactsConfig } from '../actor/facts.ts'
import { Keeper } from '../actor/keeper.ts'
import type { Condition } from '../actor/lines.ts'
import { noteIntent, touched } from '../actor/record/intents.ts'
import { asked, isDurable } from '../actor/waiting.ts'
import { throwing } from '../operators/reached.ts'
import { loadError, loadingError } from '../vocabulary/error-of.ts'
import { isClosed } from '../vocabulary/errors.ts'
import type { KeyedStory } from '../vocabulary/event.ts'
import { checkEpoch } from '../vocabulary/fence.ts'
import { type AlarmTime, checkAlarmTime } from '../vocabulary/time.ts'
import { Opening } from './opening.ts'

/** What a store holds of an actor. */
export interface LoadedAlarm {
  readonly time: AlarmTime
  /** raised durably for this loading */
  readonly epoch: number
}

/** What an actor shares with all of its fleet. */
export interface Home extends FactsConfig {
  /** Between these, nothing is emitted and no turn is given: a decision is being made. */
  enter(): void
  leave(): void
  tell(key: string, story: KeyedStory): void
  /** The alarm breaks, or is closed: nothing is notified yet. `end` ends it, and answers what waits. */
  breaking(actor: Resident, story: KeyedStory, end: () => void): void
}

const UNKNOWN = -1

const isLoaded: Condition<Resident> = (actor) => actor.isLoaded

/** One actor of a fleet while it is in memory. Idle, it is this record and nothing else. */
export class Resident extends Keeper {
  declare readonly config: Home
  declare epoch: number
  /** the round of the sweep in which it was used last */
  seen = 0

  /** An actor of which nothing is known yet. It takes what is asked; what that comes to is decided when it is loaded. */
  constructor(home: Home, key: string) {
    super(home, key, UNKNOWN, null)
    this.work = new Opening()
  }

  get isLoaded(): boolean {
    return this.epoch !== UNKNOWN
  }

  /** What waits for the store to answer; `null` once it has. */
  get opening(): Opening | null {
    return this.isLoaded ? null : (this.work as Opening | null)
  }

  get time(): AlarmTime {
    if (this.failure !== null) throw throwing(this.failure)
    if (!this.isLoaded) throw loadingError(this.key)
    return this.work?.run?.deletion === 'deferred' ? null : this.desired
  }

  override intend(time: AlarmTime, unconfirmed = false): void {
    const { opening } = this
    if (opening === null) super.intend(time, unconfirmed)
    else this.intendOnceLoaded(opening, time, unconfirmed)
  }

  override touch(options?: { allowUnconfirmed?: boolean }): void {
    const { opening } = this
    if (opening === null) {
      super.touch(options)
    } else {
      const unconfirmed = options?.allowUnconfirmed === true
      opening.touched = true
      opening.ask(unconfirmed)
      if (this.telemetry !== null) this.tellNow({ kind: 'touched', unconfirmed })
    }
  }

  /** Its state has changed: the gate closes now; the commit goes with what else is asked in this turn, or at its end. */
  change(): void {
    if (this.opening !== null) {
      this.touch()
      return
    }
    touched(this, false)
    // Not at once: what a handler changes goes with the deletion of its alarm.
    queueMicrotask(() => this.settle())
    if (this.telemetry !== null) this.tellNow({ kind: 'touched', unconfirmed: false })
  }

  private intendOnceLoaded(opening: Opening, time: AlarmTime, unconfirmed: boolean): void {
    const { wanted } = opening
    if (this.telemetry !== null && wanted !== undefined && wanted !== time) {
      this.tellNow({ kind: 'superseded', before: 'commit', time: wanted, by: time })
    }
    opening.isReplaced ||= wanted !== undefined && wanted !== time
    opening.wanted = time
    opening.ask(unconfirmed)
  }

  /** Emits once and completes when all that was asked so far is durable. */
  confirmed(): Observable<void> {
    return this.when(isDurable, asked)
  }

  /** Emits once it is loaded, at once if it is; errors when it cannot be. */
  loaded(): Observable<void> {
    return this.when(isLoaded)
  }

  /** The store has answered: what was asked meanwhile is asked now. */
  open(loaded: LoadedAlarm): void {
    const opening = this.opening
    if (opening === null) return
    const { wanted } = opening
    try {
      const time = checkAlarmTime(loaded.time)
      this.epoch = checkEpoch(loaded.epoch)
      this.desired = this.committed = this.bound = time
      this.suspect()
    } catch (cause) {
      this.fail(loadError(this.key, cause))
      return
    }
    const { config, key, epoch } = this
    config.enter()
    try {
      config.tell(key, { kind: 'opened', time: this.committed, epoch })
      opening.begin(config.reconcile !== false)
      if (wanted !== undefined) noteIntent(this, wanted, opening.gated === 0)
      if (wanted !== undefined && (wanted !== this.desired || opening.isReplaced || this.isBegun(wanted)))
        this.want(wanted, true) // the gate was closed when it was asked
      else if (!opening.touched) opening.covered = opening.asked // nothing was asked but what the store holds
      this.settle()
    } catch (error) {
      this.breakBy(error) // and never an actor that is half opened
    } finally {
      config.leave()
    }
  }

  override settle(): void {
    const { config } = this
    config.enter()
    try {
      super.settle()
    } finally {
      config.leave()
    }
  }

  override fail(error: unknown): void {
    if (this.failure !== null) return
    const { config, opening } = this
    const story: KeyedStory = isClosed(error)
      ? { kind: 'closed' }
      : opening !== null
        ? { kind: 'load-failed', error, lost: opening.lost }
        : { kind: 'broken', error }
    config.breaking(this, story, () => super.fail(error))
  }
}
