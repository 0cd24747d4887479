import {
  type Attributes,
  type Context,
  context,
  type Link,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { AlarmTime } from '../../vocabulary/time.ts'
import { failedWith } from './attributes.ts'
import type { AlarmListener, BusyActor, OpenDelivery } from './follow-alarms.ts'

/** A change under way: from its first intent until it is durable. Its precommit, its commit and its later write are its children. */
interface Change {
  readonly span: Span
  readonly context: Context
}

interface ActorSpans {
  /** waits for its precommit; is being committed; was committed last */
  next: Change | null
  committing: Change | null
  committed: Change | null
  commit: Span | null
  write: Span | null
}

/** A number would be taken for one of performance.now() where it is small, as in virtual time. */
const clock = (at: number): Date => new Date(at)

const alarmTime = (time: AlarmTime): Attributes => (time === null ? {} : { 'nolater.alarm.time': time })

function failure(span: Span | null | undefined, error: unknown): void {
  span?.setAttributes(failedWith(error))
  span?.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : '' })
}

/** Turns what happens to alarms into spans. `withKey` puts the actor on each. */
export function spanAlarms(tracer: Tracer, withKey: boolean): AlarmListener {
  const actors = new WeakMap<BusyActor, ActorSpans>()
  const deliveries = new WeakMap<OpenDelivery, Span>()
  const of = ({ key }: { key: string }, attributes: Attributes): Attributes =>
    withKey ? { ...attributes, 'nolater.key': key } : attributes

  function spansOf(actor: BusyActor): ActorSpans {
    const known = actors.get(actor)
    if (known !== undefined) return known
    const spans = { next: null, committing: null, committed: null, commit: null, write: null }
    actors.set(actor, spans)
    return spans
  }

  function linksTo(causes: readonly OpenDelivery[]): Link[] {
    const spans = causes.map((delivery) => deliveries.get(delivery))
    return spans.flatMap((span) => (span === undefined ? [] : { context: span.spanContext() }))
  }

  /** The change that the next commit will make durable. */
  function nextOf(actor: BusyActor, at: number): Change {
    const spans = spansOf(actor)
    if (spans.next !== null) return spans.next
    const span = tracer.startSpan('change alarm', {
      startTime: clock(actor.askedAt ?? at),
      attributes: of(actor, {}),
      links: linksTo(actor.deliveries.filter(({ runAt }) => runAt !== null)),
    })
    spans.next = { span, context: trace.setSpan(context.active(), span) }
    return spans.next
  }

  function endWrite(actor: BusyActor | undefined, at: number, error?: unknown): void {
    const spans = actor && spansOf(actor)
    if (!spans?.write) return
    if (error !== undefined) failure(spans.write, error)
    spans.write.end(clock(at))
    spans.write = null
  }

  function endCommit(actor: BusyActor | undefined, at: number, error?: unknown): void {
    const spans = actor && spansOf(actor)
    if (!spans?.committing) return
    for (const span of [spans.commit, spans.committing.span]) {
      if (error !== undefined) failure(span, error)
      span?.end(clock(at))
    }
    spans.committed = spans.committing
    spans.committing = spans.commit = null
  }

  function endDelivery(delivery: OpenDelivery | undefined, outcome: string, at?: number): void {
    const span = delivery && deliveries.get(delivery)
    if (span === undefined) return
    span.setAttribute('nolater.outcome', outcome)
    span.end(at === undefined ? undefined : clock(at))
  }

  return {
    tell: {
      held: (event, actor) => actor && nextOf(actor, event.at).span.addEvent('held', {}, clock(event.at)),
      released: (event, actor) =>
        actor && spansOf(actor).next?.span.addEvent('released', {}, clock(event.at)),
      'write-issued'({ at, key, move, time, fence, attempt }, actor) {
        if (actor === undefined) return
        const spans = spansOf(actor)
        const change = move === 'earlier' ? nextOf(actor, at) : spans.committed
        const options = {
          kind: SpanKind.PRODUCER,
          startTime: clock(at),
          attributes: of(
            { key },
            {
              'nolater.move': move,
              'nolater.write.fence': fence,
              'nolater.write.attempt': attempt,
              ...alarmTime(time),
            },
          ),
          links: change === null ? linksTo(actor.deliveries) : [],
        }
        spans.write = change
          ? tracer.startSpan('write alarm', options, change.context)
          : tracer.startSpan('write alarm', options)
      },
      'write-acknowledged': (event, actor) => endWrite(actor, event.at),
      'write-failed': (event, actor) => endWrite(actor, event.at, event.error),
      'write-fenced': (event, actor) => endWrite(actor, event.at, event.error),
      'commit-issued'({ at, key, time }, actor) {
        if (actor === undefined) return
        const change = nextOf(actor, at)
        const spans = spansOf(actor)
        change.span.setAttributes({ 'nolater.intents': actor.uncommitted, ...alarmTime(time) })
        const options = { startTime: clock(at), attributes: of({ key }, alarmTime(time)) }
        spans.commit = tracer.startSpan('commit alarm', options, change.context)
        spans.committing = change
        spans.next = null
      },
      'commit-acknowledged': (event, actor) => endCommit(actor, event.at),
      'commit-failed': (event, actor) => endCommit(actor, event.at, event.error),
      drained(_, actor) {
        if (actor === undefined) return
        const spans = spansOf(actor)
        spans.next = spans.committed = null
      },
      'delivery-arrived'(event, actor, delivery) {
        if (actor === undefined || delivery === undefined) return
        const span = tracer.startSpan('deliver alarm', {
          kind: SpanKind.CONSUMER,
          startTime: clock(event.at),
          attributes: of(event, {
            'nolater.delivery.scheduled_time': event.scheduledTime,
            'nolater.delivery.retry_count': event.retryCount,
          }),
        })
        deliveries.set(delivery, span)
      },
      'delivery-run': (event, _, delivery) =>
        delivery && deliveries.get(delivery)?.addEvent('handler started', {}, clock(event.at)),
      'delivery-done': (event, _, delivery) => endDelivery(delivery, 'done', event.at),
      'delivery-rescheduled': (event, _, delivery) => endDelivery(delivery, 'rescheduled', event.at),
      'delivery-failed'(event, _, delivery) {
        failure(delivery && deliveries.get(delivery), event.error)
        endDelivery(delivery, 'failed', event.at)
      },
    },
    lose(delivery, _, at, error) {
      if (error !== undefined) failure(deliveries.get(delivery), error)
      endDelivery(delivery, error === undefined ? 'cancelled' : 'failed', at)
    },
    end(actor, at, error) {
      const spans = actors.get(actor)
      if (spans === undefined) return
      for (const span of [spans.write, spans.commit, spans.committing?.span, spans.next?.span]) {
        if (error === undefined) span?.setAttribute('nolater.outcome', 'cancelled')
        else failure(span, error)
        span?.end(at === undefined ? undefined : clock(at))
      }
    },
  }
}
