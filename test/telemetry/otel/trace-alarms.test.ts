import { readFileSync } from 'node:fs'
import { DiagLogLevel, diag, type Meter, type Tracer } from '@opentelemetry/api'
import { type AlarmEvent, keepAlarm, openAlarm, setAlarm } from 'nolater'
import { runMarbles } from 'nolater/marbles'
import { traceAlarms } from 'nolater/otel'
import { EMPTY, from, merge, NEVER, of, Subject, Subscription, take } from 'rxjs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { endsAsRxjs, obeysTheLaws } from '../../operators/laws.ts'
import { alarmsAtStart, byName, openMetrics, openSpans } from './sdk.ts'

afterEach(() => diag.disable())

const intent = (time: number, key = ''): AlarmEvent => ({
  at: time,
  key,
  kind: 'intent',
  time,
  move: 'later',
  unconfirmed: false,
  bound: null,
  committed: null,
})

/** Whatever is asked of it throws; what it was asked is a function that throws too. */
const thrower = (name: string): never =>
  new Proxy(() => {}, {
    get: (_, property) => {
      if (property === name) return () => thrower(name)
      throw new Error(`no ${String(property)}`)
    },
  }) as never

const { meter } = openMetrics()
const { tracer } = openSpans()

for (const [what, tracing] of [
  ['to the SDK', { meter, tracer, key: 'spans' }],
  ['to nothing but what throws', { meter: thrower('createHistogram'), tracer: thrower('startSpan') }],
] as const) {
  obeysTheLaws<AlarmEvent, AlarmEvent>(`traceAlarms ${what}`, {
    value: intent,
    about: ({ at }) => at,
    build: () => traceAlarms(tracing),
    sided: false,
    exempt: endsAsRxjs,
  })
}

describe('traceAlarms', () => {
  it('passes on the very events', () => {
    const events = [intent(1), intent(2)]
    const seen: AlarmEvent[] = []
    of(...events)
      .pipe(traceAlarms({ meter, tracer }))
      .subscribe((event) => seen.push(event))
    expect(seen[0]).toBe(events[0])
    expect(seen[1]).toBe(events[1])
  })

  it('has units of seconds, and of what is counted', async () => {
    const metrics = openMetrics()
    const alarm = openAlarm({ commit: () => EMPTY, write: () => EMPTY })
    alarm.events$.pipe(traceAlarms({ meter: metrics.meter })).subscribe()
    alarm.set(5)
    alarm.deliver({ scheduledTime: 5 }, () => EMPTY).subscribe()
    const units = new Map((await metrics.collect()).map(({ name, unit }) => [name, unit]))
    expect(Object.fromEntries(units)).toEqual({
      'nolater.intents': '{intent}',
      'nolater.write.saved': '{write}',
      'nolater.write.retries': '{write}',
      'nolater.write.given_up': '{write}',
      'nolater.write.fenced': '{write}',
      'nolater.delivery.rescheduled': '{delivery}',
      'nolater.violations': '{violation}',
      'nolater.commit.duration': 's',
      'nolater.write.duration': 's',
      'nolater.delivery.lag': 's',
      'nolater.delivery.wait_time': 's',
      'nolater.delivery.lateness': 's',
      'nolater.delivery.process.duration': 's',
      'nolater.actor.busy': '{actor}',
      'nolater.write.active': '{write}',
    })
  })

  it('counts who is busy and writing over many actors in one stream, and forgets them when they are drained', async () => {
    const metrics = openMetrics()
    const acknowledge$ = new Subject<never>()
    const alarms = Array.from({ length: 300 }, (_, i) =>
      openAlarm({ key: `${i}`, commit: () => EMPTY, write: () => acknowledge$, reconcile: false }),
    )
    merge(...alarms.map(({ events$ }) => events$))
      .pipe(traceAlarms({ meter: metrics.meter, tracer }))
      .subscribe()
    for (const alarm of alarms) alarm.set(5)
    expect(byName(await metrics.collect())).toMatchObject({
      'nolater.actor.busy': 300,
      'nolater.write.active': 300,
    })
    acknowledge$.complete()
    expect(byName(await metrics.collect())).toMatchObject({
      'nolater.actor.busy': 0,
      'nolater.write.active': 0,
    })
  })

  it.each(['unsubscribed', 'closed', 'cut off by take'] as const)(
    'closes what is open once when it is %s',
    async (how) => {
      const metrics = openMetrics()
      const spans = openSpans()
      const alarm = openAlarm({ commit: () => EMPTY, write: () => NEVER, reconcile: false })
      const traced$ = alarm.events$.pipe(traceAlarms({ meter: metrics.meter, tracer: spans.tracer }))
      const subscription = traced$.pipe(take(how === 'cut off by take' ? 2 : Infinity)).subscribe()
      alarm.set(5)
      if (how === 'unsubscribed') subscription.unsubscribe()
      if (how === 'closed') alarm.close()
      subscription.unsubscribe()
      expect(spans.spans().map(({ name, attributes }) => [name, attributes['nolater.outcome']])).toEqual([
        ['write alarm', 'cancelled'],
        ['change alarm', 'cancelled'],
      ])
      expect(byName(await metrics.collect())).toMatchObject({
        'nolater.actor.busy': 0,
        'nolater.write.active': 0,
      })
    },
  )

  it('keeps a state for each subscription', async () => {
    const metrics = openMetrics()
    const alarm = openAlarm({ commit: () => NEVER, write: () => EMPTY, reconcile: false })
    const traced$ = alarm.events$.pipe(traceAlarms({ meter: metrics.meter }))
    const both = new Subscription()
    both.add(traced$.subscribe())
    const other = traced$.subscribe()
    alarm.set(5)
    expect(byName(await metrics.collect())).toMatchObject({ 'nolater.actor.busy': 2 })
    other.unsubscribe()
    expect(byName(await metrics.collect())).toMatchObject({ 'nolater.actor.busy': 1 })
    both.unsubscribe()
    expect(byName(await metrics.collect())).toMatchObject({ 'nolater.actor.busy': 0 })
  })

  it('takes up an alarm in the middle of its work', async () => {
    const metrics = openMetrics()
    const spans = openSpans()
    const acknowledge$ = new Subject<never>()
    const alarm = openAlarm({ commit: () => EMPTY, write: () => acknowledge$, reconcile: false })
    alarm.set(5)
    alarm.events$.pipe(traceAlarms({ meter: metrics.meter, tracer: spans.tracer })).subscribe()
    acknowledge$.complete()
    const collected = byName(await metrics.collect())
    expect(collected['nolater.write.active']).toBe(0)
    expect(collected['nolater.actor.busy']).toBe(0)
    expect(Object.keys(collected).filter((name) => name.startsWith('nolater.write.duration'))).toEqual([])
    expect(collected['nolater.commit.duration']).toMatchObject({ count: 1 })
    expect(spans.spans().map(({ name }) => name)).toEqual(['commit alarm', 'change alarm'])
  })

  it('puts the key on spans where that is asked for', () => {
    const keysOn = (key?: 'spans'): unknown[] => {
      const { tracer, spans } = openSpans()
      of(setAlarm(5))
        .pipe(
          keepAlarm({ key: 'tea', commit: () => EMPTY, write: () => EMPTY, reconcile: false }),
          traceAlarms({ tracer, ...(key && { key }) }),
        )
        .subscribe()
      return spans().map(({ attributes }) => attributes['nolater.key'])
    }
    expect(keysOn()).toEqual([undefined, undefined, undefined])
    expect(keysOn('spans')).toEqual(['tea', 'tea', 'tea'])
  })

  it.each([
    ['nothing', undefined],
    ['neither', {}],
    ['a provider for its meter', { meter: { getMeter() {} } }],
    ['a provider for its tracer', { tracer: { getTracer() {} } }],
    ['another key', { meter, key: 'metrics' }],
  ])('refuses %s at once', (_, tracing) => {
    expect(() => traceAlarms(tracing as never)).toThrow(
      expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' }),
    )
  })
})

describe('what a meter or a tracer throws', () => {
  const setAndSee = (tracing: { meter?: Meter; tracer?: Tracer }): string[] => {
    const kinds: string[] = []
    of(setAlarm(5))
      .pipe(keepAlarm({ commit: () => EMPTY, write: () => EMPTY, reconcile: false }), traceAlarms(tracing))
      .subscribe(({ kind }) => kinds.push(kind))
    return kinds
  }
  const whole = [
    'intent',
    'write-issued',
    'write-acknowledged',
    'commit-issued',
    'commit-acknowledged',
    'drained',
  ]

  it('never breaks the stream, and is told to diag', () => {
    const error = vi.fn()
    diag.setLogger({ error } as never, DiagLogLevel.ERROR)
    expect(setAndSee({ meter: thrower('createHistogram') })).toEqual(whole)
    expect(error).toHaveBeenCalled()
    error.mockClear()
    expect(setAndSee({ tracer: thrower('startSpan') })).toEqual(whole)
    expect(error).toHaveBeenCalled()
  })

  it('never breaks it where it throws late, at whatever happens', () => {
    const fail = (): never => {
      throw new Error('boom')
    }
    const instrument = () => ({ add: fail, record: fail })
    const meter = {
      createHistogram: instrument,
      createCounter: instrument,
      createUpDownCounter: instrument,
    }
    const span = new Proxy({}, { get: () => fail })
    const tracing = { meter, tracer: { startSpan: () => span } } as never
    for (const name of [
      'lease-runs-out-while-the-handler-runs',
      'broken-with-a-write-in-flight',
      'late-alarm',
    ]) {
      const { events } = runMarbles(readFileSync(`marbles/${name}.marbles`, 'utf8'))
      const seen: AlarmEvent[] = []
      from(events)
        .pipe(traceAlarms(tracing))
        .subscribe((event) => seen.push(event))
      expect(seen).toEqual(events)
    }
  })

  it('does not break it either where diag throws', () => {
    const error = vi.fn(() => {
      throw new Error('no logger')
    })
    diag.setLogger({ error } as never, DiagLogLevel.ERROR)
    error.mockClear()
    expect(setAndSee({ tracer: thrower('startSpan') })).toEqual(whole)
    expect(error).toHaveBeenCalled()
  })

  it('leaves the other one whole', () => {
    const spans = openSpans()
    setAndSee({ meter: thrower('createHistogram'), tracer: spans.tracer })
    expect(spans.spans()).toHaveLength(3)
  })

  it('leaves the durations right where it counts nothing', async () => {
    const metrics = openMetrics()
    const add = () => expect.unreachable('boom')
    const meter = Object.create(metrics.meter, {
      createCounter: { value: () => ({ add }) },
      createUpDownCounter: { value: () => ({ add }) },
    })
    setAndSee({ meter })
    expect(Object.keys(byName(await metrics.collect()))).toEqual(['nolater.commit.duration'])
  })

  it('leaves the rest of the metrics right', async () => {
    const metrics = openMetrics()
    const meter = Object.create(metrics.meter, {
      createHistogram: { value: () => ({ record: () => expect.unreachable('boom') }) },
    })
    setAndSee({ meter })
    expect(byName(await metrics.collect())).toEqual({ ...alarmsAtStart, 'nolater.intents{move=earlier}': 1 })
  })
})
