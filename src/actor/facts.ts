import { type AlarmTime, checkAlarmTime } from '../vocabulary/time.ts'
import { clockOf, type SharedConfig } from './config.ts'
import type { Traffic } from './pipe.ts'
import { type AlarmState, type Asked, due, nothingAsked, type Step } from './rules.ts'
import type { Telemetry } from './telemetry.ts'
import type { Work } from './work.ts'

/** A config, and where its actors share a limit on their writes. */
export interface FactsConfig extends SharedConfig {
  /** One that may not write yet is settled again when its turn comes, and works out then what to write. */
  mayWrite?(alarm: AlarmFacts, step: 'earlier' | 'later'): boolean
}

/**
 * What one actor knows of its alarm, and what follows from it.
 *
 * A class because a million of these are kept: its methods are shared, and idle it is one small object.
 */
export class AlarmFacts implements AlarmState, Traffic {
  readonly config: FactsConfig
  readonly key: string
  readonly epoch: number
  desired: AlarmTime
  committed: AlarmTime
  bound: AlarmTime
  /** the last write issued and the last one acknowledged, counted in this epoch: small integers need no memory of their own */
  issued = 0
  acked = 0
  /** the epoch of its fences where the store has raised it since, above a fence of the manager's; 0: it has not */
  raisedTo = 0
  /** so many epochs above that one are its own too, for the writes that do not fit into one */
  spare = 0
  /** the write that set the alarm at the bound, and the last one whose delivery has begun: 0 is before this epoch, -1 none */
  setBy = 0
  begun = -1
  /** a delivery up to this write is not of the alarm that was asked last, though it have the same time */
  stale = -1
  work: Work | null = null
  telemetry: Telemetry | null = null
  /** why nothing works any more */
  failure: unknown = null

  constructor(config: FactsConfig, key: string, epoch: number, initial: AlarmTime) {
    this.config = config
    this.key = key
    this.epoch = epoch
    this.desired = this.committed = this.bound = checkAlarmTime(initial)
    this.suspect()
  }

  /** What is due when it is opened may have been delivered before. */
  protected suspect(): void {
    if (this.bound !== null && this.bound <= this.now()) this.begun = 0
  }

  now(): number {
    return clockOf(this.config).now()
  }

  /** That of its fences; commits keep the one of the opening. */
  get fenceEpoch(): number {
    return this.raisedTo === 0 ? this.epoch : this.raisedTo
  }

  get asked(): Asked {
    return this.work ?? nothingAsked
  }

  get isWriterFree(): boolean {
    return this.work?.writing !== true
  }

  get isStoreFree(): boolean {
    return this.work?.committing !== true
  }

  get isResting(): boolean {
    return this.work?.resting === true
  }

  get isQuiet(): boolean {
    return this.isWriterFree && this.isStoreFree && !this.isResting
  }

  isFreeFor(step: Step): boolean {
    if (step === 'later') return this.isQuiet
    return step === 'earlier' ? this.isWriterFree : this.isStoreFree
  }

  /** The step that is due, unless it is under way already. */
  get due(): Step | null {
    const step = due(this, this.asked)
    return step === null || this.isUnderWay(step) ? null : step
  }

  private isUnderWay(step: Step): boolean {
    const { work } = this
    if (work === null || step === 'later') return false
    if (step === 'commit') return work.committing && !work.touched
    return work.writing && work.isPrecommit && work.carries === this.desired
  }

  /** Whether the delivery of the alarm of that time, which the manager holds or is being given, has begun. */
  isBegun(time: AlarmTime): boolean {
    if (time === null) return false
    if (time === this.bound && this.begun >= this.setBy) return true
    return this.work?.writing === true && this.work.carries === time && this.begun >= this.issued
  }

  /** Whether the store holds what was asked last, and nothing else: a commit in flight counts, or there-and-back changes would look clean. */
  get isClean(): boolean {
    const { work, committed, desired } = this
    return !(work?.committing === true && work.commits !== committed) && desired === committed
  }

  /** Everything that was asked is in an acknowledged commit, the state around the alarm too. */
  get isConfirmed(): boolean {
    return this.desired === this.committed && this.isStoreFree && this.work?.touched !== true
  }

  /** While anything is asked or in flight, or a handler runs, what the manager may forget is not known: it has to ask again. */
  get isSettled(): boolean {
    return this.isConfirmed && this.isWriterFree && (this.work === null || this.work.run === null)
  }

  /** Nothing in flight, nothing to do: the store and the manager agree. */
  get isDrained(): boolean {
    return this.work === null || (this.isQuiet && due(this, this.work) === null)
  }
}
