import type { Subscription } from 'rxjs'
import type { Pipe } from '../pipe.ts'
import type { Step } from '../rules.ts'
import { type Work, withoutStep, withStep } from '../work.ts'
import type { AlarmRecord } from './record.ts'

export function pipeBuilt(work: Work, pipe: Pipe): Pipe {
  work.pipe = pipe
  return pipe
}

/** A step waits in the pipe. */
export function stepHeld(alarm: AlarmRecord, step: Step, work: Work): void {
  work.waits = withStep(work.waits, step)
  if (step !== 'earlier' || work.heldAt !== null) return
  work.heldAt = alarm.now()
  if (alarm.telemetry !== null) alarm.tell({ kind: 'held', time: alarm.desired })
}

/** A step waits no more: its turn has come, or it is not wanted. */
export function stepReleased(alarm: AlarmRecord, step: Step, work: Work): void {
  work.waits = withoutStep(work.waits, step)
  const { heldAt } = work
  if (step !== 'earlier' || heldAt === null) return
  work.heldAt = null
  if (alarm.telemetry !== null)
    alarm.tell({ kind: 'released', time: alarm.desired, heldFor: alarm.now() - heldAt })
}

/** What can be unsubscribed, where the call is not over yet. */
export function callStarted(step: Step, work: Work, call: Subscription | null): void {
  if (step === 'commit') work.commit = work.committing ? call : null
  else work.write = work.writing ? call : null
}
