import type { Attributes, Histogram, Meter } from '@opentelemetry/api'
import type { Move } from '../../vocabulary/time.ts'
import { failedWith } from './attributes.ts'
import type { AlarmListener, BusyActor, OpenDelivery } from './follow-alarms.ts'
import { alarmInstruments } from './instruments.ts'
import { startAtZero } from './start-at-zero.ts'

/** A clock that stepped back, or the manager's that is ahead of ours, makes nothing negative. */
const inSeconds = (ms: number): number => Math.max(0, ms) / 1000

/** Turns what happens to alarms into metrics. `withKey` puts the actor on each: a time series an actor. */
export function measureAlarms(meter: Meter, withKey: boolean): AlarmListener {
  const to = alarmInstruments(meter)
  if (!withKey) exportFromStart(to) // which keys there will be is not known
  const of = ({ key }: { key: string }, attributes?: Attributes): Attributes | undefined =>
    withKey ? { ...attributes, 'nolater.key': key } : attributes

  /** What was issued before there was a subscriber has no known duration. */
  function called(
    call: Histogram,
    event: { key: string; took: number | null },
    attributes?: Attributes,
  ): void {
    if (event.took !== null) call.record(inSeconds(event.took), of(event, attributes))
  }

  const isRetry = ({ retryCount }: { retryCount: number }): Attributes => ({
    'nolater.delivery.retry': retryCount > 0,
  })

  function answered(
    event: { at: number; key: string },
    delivery: OpenDelivery | undefined,
    failure?: Attributes,
  ): void {
    if (delivery === undefined || delivery.runAt === null) return
    to.processing.record(inSeconds(event.at - delivery.runAt), of(event, failure))
  }

  function writeEnded(
    event: { key: string; move: string; took: number | null },
    actor: BusyActor | undefined,
    failure?: Attributes,
  ): void {
    if (actor?.isWriting) to.writing.add(-1, of(event))
    called(to.write, event, { 'nolater.move': event.move, ...failure })
  }

  function saved(event: { key: string }, moves: number): void {
    if (moves > 0) to.saved.add(moves, of(event))
  }

  return {
    begin: (actor) => to.busy.add(1, of(actor)),
    tell: {
      intent: (event) => to.intents.add(1, of(event, { 'nolater.move': event.move })),
      released: (event) => to.holdTime.record(inSeconds(event.heldFor), of(event)),
      'write-issued'(event, actor) {
        to.writing.add(1, of(event))
        // One of the moves since the write before is this one's own; a retry has had its own before.
        saved(event, (actor?.unwritten ?? 0) - (event.attempt === 1 ? 1 : 0))
      },
      'write-acknowledged': (event, actor) => writeEnded(event, actor),
      'write-failed': (event, actor) => writeEnded(event, actor, failedWith(event.error)),
      'write-fenced'(event, actor) {
        writeEnded(event, actor, failedWith(event.error))
        to.fenced.add(1, of(event))
      },
      'write-retried': (event) => to.retries.add(1, of(event)),
      'write-given-up': (event) => to.givenUp.add(1, of(event)),
      'commit-acknowledged': (event) => called(to.commit, event),
      'commit-failed': (event) => called(to.commit, event, failedWith(event.error)),
      'delivery-arrived': (event) =>
        to.lag.record(inSeconds(event.at - event.scheduledTime), of(event, isRetry(event))),
      'delivery-run'(event, _, delivery) {
        to.lateness.record(inSeconds(event.at - event.time), of(event, isRetry(event)))
        if (delivery === undefined) return
        to.waitTime.record(inSeconds(event.at - delivery.arrivedAt), of(event, isRetry(event)))
      },
      'delivery-rescheduled': (event) => to.rescheduled.add(1, of(event)),
      'delivery-done': (event, _, delivery) => answered(event, delivery),
      'delivery-failed': (event, _, delivery) => answered(event, delivery, failedWith(event.error)),
      drained: (event, actor) => saved(event, actor?.unwritten ?? 0),
      violation: (event) => to.violations.add(1, of(event)),
    },
    lose(delivery, { key }, at, error) {
      if (at !== undefined && error !== undefined) answered({ at, key }, delivery, failedWith(error))
    },
    end(actor) {
      to.busy.add(-1, of(actor))
      if (actor.isWriting) to.writing.add(-1, of(actor))
    },
  }
}

const moves: readonly Move[] = ['earlier', 'later', 'same']

/** All that is counted is there from the start, at 0. */
function exportFromStart(to: ReturnType<typeof alarmInstruments>): void {
  startAtZero(to.intents, ...moves.map((move) => ({ 'nolater.move': move })))
  const { saved, retries, givenUp, fenced, rescheduled, violations, busy, writing } = to
  for (const counter of [saved, retries, givenUp, fenced, rescheduled, violations, busy, writing]) {
    startAtZero(counter)
  }
}
