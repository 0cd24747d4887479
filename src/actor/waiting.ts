import { Observable } from 'rxjs'
import { type AsyncContext, currentContext } from '../operators/async-context.ts'
import { markReached } from '../operators/reached.ts'
import { reportUncaught } from '../operators/report-uncaught.ts'
import type { AlarmFacts } from './facts.ts'
import type { Condition, Line, MarkOf, Place, Waiter } from './lines.ts'
import type { Work } from './work.ts'

type OfAny = Condition<AlarmFacts>

export const isDrained: OfAny = (alarm) => alarm.isDrained
export const isSettled: OfAny = (alarm) => alarm.isSettled
export const isDurable: OfAny = ({ work }, intent) => work === null || intent <= work.covered
/** The same for what waits at a gate, in a line of its own: it may have waited for longer than its place says. */
export const isOpen: OfAny = (alarm, intent) => isDurable(alarm, intent)
/** All that was asked so far. */
export const asked: MarkOf<AlarmFacts> = ({ work }) => work?.asked ?? 0
/** No handler runs. */
export const isNext: OfAny = ({ work }) => work === null || work.run === null

/** An alarm that has work while there is anything to wait for. */
interface Awaited extends AlarmFacts {
  atWork(): Work
  drop(work: Work): void
}

/** Emits and completes once the condition holds, at once if it does; errors when the alarm breaks. Awaited, it needs no subscriber. */
export class Wait<A extends Awaited> extends Observable<void> implements PromiseLike<void> {
  private readonly alarm: A
  private readonly condition: Condition<A>
  private readonly markOf: MarkOf<A>

  constructor(alarm: A, condition: Condition<A>, markOf: MarkOf<A>) {
    super((subscriber) => {
      const ready = (): void => {
        subscriber.next()
        subscriber.complete()
      }
      const place = this.begin({ ready, fail: (error) => subscriber.error(error) }, currentContext)
      if (place !== null) subscriber.add(() => leave(alarm, place))
    })
    this.alarm = alarm
    this.condition = condition
    this.markOf = markOf
  }

  // biome-ignore lint/suspicious/noThenProperty: it is to be awaited
  then<T = void, E = never>(
    onFulfilled?: (() => T | PromiseLike<T>) | null,
    onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<T | E> {
    return new Promise<void>((ready, fail) => this.begin({ ready, fail }, none)).then(onFulfilled, onRejected)
  }

  private begin(waiter: Waiter, context: () => AsyncContext | null): Place | null {
    const { alarm, condition } = this
    if (alarm.failure !== null) {
      markReached(alarm.failure)
      waiter.fail(alarm.failure)
      return null
    }
    const mark = this.markOf(alarm)
    if (!condition(alarm, mark)) return enter(alarm, condition, mark, waiter, context())
    reportUncaught(() => waiter.ready())
    return null
  }
}

const none = (): null => null

/** Takes its place in the condition's line: the last, but for gates. */
export function enter<A extends Awaited>(
  alarm: A,
  condition: Condition<A>,
  mark: number,
  waiter: Waiter,
  context: AsyncContext | null = currentContext(),
  rank: number | null = null,
): Place {
  const work = alarm.atWork()
  const line = lineOf(work, condition as Condition<never>)
  let before = line.last
  while (before !== null && before.mark > mark) before = before.before
  const behind = before === null ? line.first : before.behind
  const number = work.places++
  const place = { waiter, mark, number, rank: rank ?? number, context, line, before, behind, hasLeft: false }
  if (before === null) line.first = place
  else before.behind = place
  if (behind === null) line.last = place
  else behind.before = place
  work.waiters++
  return place
}

function lineOf(work: Work, condition: Condition<never>): Line {
  for (let line = work.lines; line !== null; line = line.next) if (line.condition === condition) return line
  work.lines = { condition, first: null, last: null, isPassed: false, next: work.lines }
  return work.lines
}

/** Leaves the line, also from the middle. */
export function leave(alarm: Awaited, place: Place): void {
  if (place.hasLeft) return
  const { line, before, behind } = place
  place.hasLeft = true
  if (before === null) line.first = behind
  else before.behind = behind
  if (behind === null) line.last = before
  else behind.before = before
  const { work } = alarm
  if (work === null) return // it has broken
  work.waiters--
  alarm.drop(work)
}

/** Something was decided: what is ready goes on, each line up to the first that is not. */
export function lookAgain(alarm: Awaited, { lines }: Work): void {
  for (let line = lines; line !== null; line = line.next) line.isPassed = false
  for (let line = nextLine(lines); line !== null; line = nextLine(lines)) {
    const place = line.first!
    if ((line.condition as OfAny)(alarm, place.mark)) {
      leave(alarm, place) // even where it throws, those behind it are next
      goOn(place, () => place.waiter.ready())
    } else {
      line.isPassed = true
    }
  }
}

/** That of what began to wait first. */
function nextLine(lines: Line | null): Line | null {
  let next: Line | null = null
  for (let line = lines; line !== null; line = line.next) {
    if (line.isPassed || line.first === null) continue
    if (next === null || line.first.number < next.first!.number) next = line
  }
  return next
}

/** They wait for what will not come. What has moved from line to line fails when it would have in its first. */
export function failAll({ lines }: Work, error: unknown): void {
  const all: Place[] = []
  for (let line = lines; line !== null; line = line.next)
    for (let place = line.first; place !== null; place = place.behind) all.push(place)
  all.sort((a, b) => a.rank - b.rank)
  for (const place of all) if (!place.hasLeft) goOn(place, () => place.waiter.fail(error))
}

/** A teardown of the user's that throws must not stop the loop that is settling. */
function goOn({ context }: Place, call: () => void): void {
  if (context === null) call()
  else context.runInAsyncScope(() => reportUncaught(call))
}
