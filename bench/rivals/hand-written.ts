import { EMPTY } from 'rxjs'
import { type Actor, type AlarmTime, type Answer, isBefore, type Ports, rival } from '../rival.ts'

/**
 * The limit: what a careful engineer writes for one actor by hand. The newest intent wins, and the three rules hold with one call of each at a
 * time; there is no fence, no event, no retry, no gate and no delivery, and a call that fails is not noticed.
 */
class HandWritten implements Actor {
  readonly ports: Ports
  desired: AlarmTime
  committed: AlarmTime
  bound: AlarmTime
  carried: AlarmTime = null
  commits: AlarmTime = null
  isPrecommit = false
  writing = false
  committing = false
  waiting: (() => void)[] = []

  constructor(ports: Ports, initial: AlarmTime) {
    this.ports = ports
    this.desired = this.committed = this.bound = initial
  }

  set(time: AlarmTime): void {
    this.desired = time
    this.settle()
  }

  delete(): void {
    this.set(null)
  }

  drained(): Promise<void> {
    if (this.isDrained) return Promise.resolve()
    return new Promise((resolve) => void this.waiting.push(resolve))
  }

  get isDrained(): boolean {
    return (
      !this.writing && !this.committing && this.desired === this.committed && this.bound === this.committed
    )
  }

  settle(): void {
    while (this.start()) {}
    if (this.waiting.length === 0 || !this.isDrained) return
    for (const resolve of this.waiting) resolve()
    this.waiting = []
  }

  /** Whether a call has ended within itself, so that there may be more to do. */
  start(): boolean {
    if (isBefore(this.desired, this.bound)) return !this.writing && this.write(this.desired, true)
    if (this.desired !== this.committed) return !this.committing && this.commit()
    if (!isBefore(this.bound, this.committed) || this.writing || this.committing) return false
    this.bound = this.committed
    return this.write(this.committed, false)
  }

  write(time: AlarmTime, isPrecommit: boolean): boolean {
    this.writing = true
    this.carried = time
    this.isPrecommit = isPrecommit
    return this.ended(this.ports.write(time), this.written)
  }

  commit(): boolean {
    this.committing = true
    this.commits = this.desired
    return this.ended(this.ports.commit(this.desired), this.committedNow)
  }

  ended(answer: Answer, end: () => void): boolean {
    if (answer === EMPTY) {
      end()
      return true
    }
    ;(answer as Promise<never>).then(() => {
      end()
      this.settle()
    })
    return false
  }

  readonly written = (): void => {
    this.writing = false
    if (this.isPrecommit) this.bound = this.carried
  }

  readonly committedNow = (): void => {
    this.committing = false
    this.committed = this.commits
  }
}

export default rival<HandWritten>({
  open: (ports, initial) => new HandWritten(ports, initial),
  drained: (actor) => actor.drained(),
})
