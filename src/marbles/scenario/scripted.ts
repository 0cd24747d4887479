import { asyncScheduler, Observable, type SchedulerLike, type Subscriber } from 'rxjs'
import type { AlarmTime } from '../../index.ts'
import { type Answer, AWAITED } from './answers.ts'
import type { Moment } from './format.ts'

/** One call of a fake, and what became of it. */
export interface FakeCall<Info> {
  /** by the scheduler's clock, ms; a frame of TestScheduler */
  readonly at: number
  readonly time: AlarmTime
  readonly info: Info
  readonly outcome: 'pending' | 'acknowledged' | 'failed' | 'fenced' | 'threw' | 'unsubscribed'
  /** how often what it returned was subscribed */
  readonly subscriptions: number
  /** what happened to it and when, in the marks of the diagrams */
  readonly marks: readonly Moment[]
}

/** What drives a fake: how it answers, and what its calls do. */
export interface Script<Info> {
  readonly name: string
  readonly answers: readonly Answer[]
  /** for a call that has no answer of its own: the last one again, or none ever */
  readonly afterwards: 'repeat' | 'hang'
  readonly scheduler: SchedulerLike
  /** whether `later` may not begin while `earlier` is as it is */
  overlaps(earlier: FakeCall<Info>, later: FakeCall<Info>): boolean
  /** the request arrives, and is refused with what this returns */
  land(call: FakeCall<Info>): Error | null
  /** a call began, arrived or ended */
  changed(call: FakeCall<Info>): void
  /** a time within an answer: the handler asks for it */
  ask?(mark: string): void
  fault(message: string): void
}

export interface Scripted<Info> {
  readonly calls: readonly FakeCall<Info>[]
  /** those that may still be applied */
  onTheWay(): FakeCall<Info>[]
  call(time: AlarmTime, info: Info): Observable<never>
}

const arrives = /[|/+]/

/** A function that answers its calls as a script says, and records them. */
export function scripted<Info>(script: Script<Info>): Scripted<Info> {
  const calls: PlayedCall<Info>[] = []
  // What has ended well is looked at no more: a burst has thousands of calls.
  let open: PlayedCall<Info>[] = []
  return {
    calls,
    onTheWay: () => open.filter((call) => call.mayLand),
    call(time, info) {
      const { answers, afterwards } = script
      const answer = answers[calls.length] ?? (afterwards === 'repeat' ? answers.at(-1) : undefined) ?? []
      const call = new PlayedCall(script, time, info, answer)
      open = open.filter(
        ({ outcome, mayLand }) => outcome === 'pending' || outcome === 'unsubscribed' || mayLand,
      )
      const other = open.find((earlier) => script.overlaps(earlier, call))
      if (other !== undefined)
        script.fault(`${script.name}: ${call.printed} begins while ${other.printed} is ${other.outcome}`)
      calls.push(call)
      open.push(call)
      script.changed(call)
      if (answer[0]?.at === 0 && answer[0].marks.includes('*')) {
        call.end('threw', '*')
        throw call.failure
      }
      return new Observable((caller) => call.play(caller))
    },
  }
}

class PlayedCall<Info> implements FakeCall<Info> {
  readonly script: Script<Info>
  readonly at: number
  readonly time: AlarmTime
  readonly info: Info
  readonly answer: Answer
  readonly marks: Moment[] = []
  outcome: FakeCall<Info>['outcome'] = 'pending'
  subscriptions = 0
  landed = false

  constructor(script: Script<Info>, time: AlarmTime, info: Info, answer: Answer) {
    this.script = script
    this.at = script.scheduler.now()
    this.time = time
    this.info = info
    this.answer = answer
  }

  get printed(): string {
    return `the call at ${this.at} with ${this.time ?? 'none'}`
  }

  get failure(): Error {
    return new Error(`${this.script.name}: ${this.printed} fails, as its marbles say`)
  }

  /** While it is pending; and when its caller has gone, if the script has it arrive all the same. */
  get mayLand(): boolean {
    if (this.landed || this.outcome === 'threw') return false
    if (this.outcome === 'pending') return true
    return this.answer.some(({ marks }) => arrives.test(marks))
  }

  play(caller: Subscriber<never>): () => void {
    const { scheduler, name, fault } = this.script
    if (++this.subscriptions > 1) fault(`${name}: ${this.printed} is subscribed ${this.subscriptions} times`)
    const isLate = scheduler !== asyncScheduler && scheduler.now() !== this.at // a real clock ticks between the two
    if (isLate) fault(`${name}: ${this.printed} is subscribed at ${scheduler.now()} only`)
    for (const moment of this.answer) {
      if (moment.at === 0) this.playMoment(moment, caller)
      else scheduler.schedule(() => this.playMoment(moment, caller), moment.at)
    }
    return () => {
      if (this.outcome === 'pending') this.end('unsubscribed', '!')
    }
  }

  private playMoment({ marks }: Moment, caller: Subscriber<never>): void {
    for (const mark of marks) {
      if (arrives.test(mark)) this.arrive(mark, caller)
      else if (mark === AWAITED) {
        if (this.outcome === 'pending') this.arrive('|', caller)
      } else if (mark === '#') this.fail(caller)
      else if (mark !== '!' && this.outcome === 'pending') {
        this.mark(mark)
        this.script.ask?.(mark)
      }
    }
  }

  private fail(caller: Subscriber<never>): void {
    if (this.outcome !== 'pending') return
    this.end('failed', '#')
    caller.error(this.failure)
  }

  /** The request is applied or refused, whether or not anything still waits for it. */
  private arrive(mark: string, caller: Subscriber<never>): void {
    const isFirst = !this.landed
    const refusal = isFirst ? this.script.land(this) : null
    this.landed = true
    if (this.outcome === 'pending' && refusal !== null) {
      this.end('fenced', '/')
      caller.error(refusal)
    } else if (this.outcome === 'pending' && mark !== '+') {
      this.end('acknowledged', '|')
      caller.complete()
    } else if (isFirst) this.mark(refusal === null ? '+' : '/')
  }

  end(outcome: FakeCall<Info>['outcome'], mark: string): void {
    this.outcome = outcome
    this.mark(mark)
  }

  private mark(mark: string): void {
    const at = this.script.scheduler.now()
    const last = this.marks.at(-1)
    if (last?.at === at) this.marks[this.marks.length - 1] = { at, marks: last.marks + mark }
    else this.marks.push({ at, marks: mark })
    this.script.changed(this)
  }
}
