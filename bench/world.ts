import { EMPTY } from 'rxjs'
import { type AlarmTime, type Answer, isBefore, type Ports } from './rival.ts'

/** How a store or a manager answers: inside the call, or a microtask later. */
export type Answers = 'at once' | 'later'

const soon = Promise.resolve() as Promise<never>

/**
 * The store and the manager, seen from outside: they count, and they notice every moment at which the manager may hold
 * a later alarm than the store.
 */
export class World {
  readonly ports: Ports
  stored: AlarmTime
  held: AlarmTime
  commits = 0
  writes = 0
  /** writes in flight, and the most there ever were */
  writing = 0
  atOnce = 0
  /** moments at which the manager may have been later than the store */
  late = 0
  /** called when a write has been issued */
  onWrite = (): void => {}
  private earliestStored: AlarmTime
  private latestHeld: AlarmTime
  private holding: Promise<void> | null = null
  private letGo = (): void => {}

  constructor(initial: AlarmTime, store: Answers, manager: Answers) {
    this.stored = this.held = this.earliestStored = this.latestHeld = initial
    this.ports = {
      commit: store === 'later' ? (time) => this.commitLater(time) : (time) => this.commitAtOnce(time),
      write: manager === 'later' ? (time) => this.writeLater(time) : (time) => this.writeAtOnce(time),
    }
  }

  /** Keeps the writes from now on in flight until `release`. */
  hold(): void {
    this.holding = new Promise((resolve) => {
      this.letGo = resolve
    })
  }

  release(): void {
    this.holding = null
    this.letGo()
  }

  has(time: AlarmTime): boolean {
    return this.stored === time && this.held === time && this.writing === 0
  }

  private commitAtOnce(time: AlarmTime): Answer {
    this.beginCommit(time)
    this.stored = this.earliestStored = time
    return EMPTY
  }

  private commitLater(time: AlarmTime): Answer {
    this.beginCommit(time)
    return soon.then(() => {
      this.stored = this.earliestStored = time
    }) as Promise<never>
  }

  private writeAtOnce(time: AlarmTime): Answer {
    this.beginWrite(time)
    this.endWrite(time)
    return EMPTY
  }

  private writeLater(time: AlarmTime): Answer {
    this.beginWrite(time)
    return (this.holding ?? soon).then(() => this.endWrite(time)) as Promise<never>
  }

  private beginCommit(time: AlarmTime): void {
    this.commits++
    if (isBefore(time, this.earliestStored)) this.earliestStored = time
    this.look()
  }

  private beginWrite(time: AlarmTime): void {
    this.writes++
    this.writing++
    if (this.writing > this.atOnce) this.atOnce = this.writing
    if (isBefore(this.latestHeld, time)) this.latestHeld = time
    this.look()
    this.onWrite()
  }

  private endWrite(time: AlarmTime): void {
    this.writing--
    this.held = this.latestHeld = time
  }

  private look(): void {
    if (isBefore(this.earliestStored, this.latestHeld)) this.late++
  }
}
