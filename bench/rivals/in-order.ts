import { type AlarmTime, isBefore, type Ports } from '../rival.ts'

/** What every queue runs for each intent: the manager first for an earlier alarm, last for a later one. */
export class InOrder {
  readonly ports: Ports
  /** what the manager and the store hold */
  held: AlarmTime
  /** of the newest intent */
  wanted: AlarmTime

  constructor(ports: Ports, initial: AlarmTime) {
    this.ports = ports
    this.held = this.wanted = initial
  }

  /** The same value again is not worth a place in the queue. */
  isNew(time: AlarmTime): boolean {
    if (time === this.wanted) return false
    this.wanted = time
    return true
  }

  async apply(time: AlarmTime): Promise<void> {
    const { commit, write } = this.ports
    if (isBefore(time, this.held)) {
      await write(time)
      await commit(time)
    } else {
      await commit(time)
      await write(time)
    }
    this.held = time
  }
}
