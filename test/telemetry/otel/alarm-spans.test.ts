import { type ContextManager, context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { keepAlarm, openAlarm } from 'nolater'
import { checkMarbles } from 'nolater/marbles'
import { traceAlarms } from 'nolater/otel'
import { concat, EMPTY, from, NEVER } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { drawSpans, openSpans } from './sdk.ts'

/** The spans of a scenario as lines, times by its ruler. */
function spansOf(text: string, start = 0): string[] {
  const { events } = checkMarbles(`title     one\n${text}`)
  const { tracer, spans } = openSpans()
  // It does not end, so that what is left open is not closed for us.
  concat(from(events), NEVER).pipe(traceAlarms({ tracer })).subscribe()
  return drawSpans(spans(), start)
}

describe('traceAlarms, its spans', () => {
  it('are a change from its first intent until it is durable, over its precommit, its commit and its later write', () => {
    expect(
      spansOf(`alarm     1

ask       5---9---2-----------------
commit    5.|-9.|---------2.|-------
write     --5...........|-----------    9 is never sent
                        2.|
`),
    ).toEqual([
      'change alarm 0..2 intents=1 alarm.time=5000',
      '  commit alarm 0..2 alarm.time=5000',
      '  write alarm 2..14 move=later write.fence=1 write.attempt=1 alarm.time=5000',
      'change alarm 4..6 intents=1 alarm.time=9000',
      '  commit alarm 4..6 alarm.time=9000',
      'change alarm 8..18 intents=1 alarm.time=2000 held@8 released@14',
      '  write alarm 14..16 move=earlier write.fence=2 write.attempt=1 alarm.time=2000',
      '  commit alarm 16..18 alarm.time=2000',
    ])
  })

  it('begin a change with the first of the intents that share its commit', () => {
    expect(
      spansOf(`alarm     1

ask       5-7-9----------
commit    5....|---------
               9.|
write     -------9...|---
`),
    ).toEqual([
      'change alarm 0..5 intents=1 alarm.time=5000',
      '  commit alarm 0..5 alarm.time=5000',
      'change alarm 2..7 intents=2 alarm.time=9000',
      '  commit alarm 5..7 alarm.time=9000',
      '  write alarm 7..11 move=later write.fence=1 write.attempt=1 alarm.time=9000',
    ])
  })

  it('begin with no intent that changes nothing', () => {
    expect(
      spansOf(`alarm     1

ask       --1-2---------
commit    ----2..|------
write     -------2...|--
`)[0],
    ).toBe('change alarm 4..7 intents=1 alarm.time=2000')
  })

  it('end a call that did not answer in time at its limit', () => {
    expect(
      spansOf(`alarm     5
timeout   3 ms
broken    ALARM_COMMIT_FAILED

life      ^----#
ask       2-----
write     2.|---
commit    --2..!
`),
    ).toEqual([
      'change alarm 0..5 intents=1 alarm.time=2000 error.type=ALARM_TIMEOUT FAILED',
      '  write alarm 0..2 move=earlier write.fence=1 write.attempt=1 alarm.time=2000',
      '  commit alarm 2..5 alarm.time=2000 error.type=ALARM_TIMEOUT FAILED',
    ])
  })

  it('keep the retries of a write with the change that it belongs to', () => {
    expect(
      spansOf(`alarm     1
retry     3 ms

ask       5------------
commit    5.|----------
write     --5..#--5..|-
`),
    ).toEqual([
      'change alarm 0..2 intents=1 alarm.time=5000',
      '  commit alarm 0..2 alarm.time=5000',
      '  write alarm 2..5 move=later write.fence=1 write.attempt=1 alarm.time=5000 error.type=Error FAILED',
      '  write alarm 8..11 move=same write.fence=2 write.attempt=2 alarm.time=5000',
    ])
  })

  it('link a change to the delivery that was being handled when it was made', () => {
    expect(
      spansOf(`alarm     1

wake      1..........|--
handler   1........|----
ask       --2-----------
commit    --2..|--------
write     -----2.....|--
`),
    ).toEqual([
      'deliver alarm 0..11 delivery.scheduled_time=1000 delivery.retry_count=0 outcome=done handler started@0',
      'change alarm 2..5 intents=1 alarm.time=2000 <- deliver alarm',
      '  commit alarm 2..5 alarm.time=2000',
      '  write alarm 5..11 move=later write.fence=1 write.attempt=1 alarm.time=2000',
    ])
  })

  it('link a change to nothing where no handler runs, though a delivery has come and gone', () => {
    expect(
      spansOf(`alarm     1

wake      1..|---------
handler   (1|)---------
ask       -----5-------
commit    x..|---5.|---
write     -----5.|-----
`),
    ).toEqual([
      'change alarm 0..3 intents=0 <- deliver alarm',
      '  commit alarm 0..3',
      'deliver alarm 0..3 delivery.scheduled_time=1000 delivery.retry_count=0 outcome=done handler started@0',
      'change alarm 5..9 intents=1 alarm.time=5000',
      '  write alarm 5..7 move=earlier write.fence=1 write.attempt=1 alarm.time=5000',
      '  commit alarm 7..9 alarm.time=5000',
    ])
  })

  it('link a change to the delivery that runs, and not to one that waits for its turn', () => {
    const lines = spansOf(`alarm     1

wake      1......|-----------
            1.......>
handler   1...|--------------
commit    ----x..|-----------
write     -------x..|--------
`)
    expect(lines[2]).toBe('change alarm 4..7 intents=0 <- deliver alarm')
  })

  it('link the write that puts an early manager right to the delivery', () => {
    expect(
      spansOf(`alarm     1, manager 2

wake      2..>------
write     1..|------
`),
    ).toEqual([
      'deliver alarm 0..3 delivery.scheduled_time=2000 delivery.retry_count=0 outcome=rescheduled',
      'write alarm 0..3 move=same write.fence=1 write.attempt=1 alarm.time=1000 <- deliver alarm',
    ])
  })

  it('tell the failure of a handler', () => {
    expect(
      spansOf(`alarm     1

wake      1..#---1..|-----
handler   1..#---1.|------
commit    ---------x|-----
`),
    ).toEqual([
      'deliver alarm 0..3 delivery.scheduled_time=1000 delivery.retry_count=0 error.type=Error outcome=failed handler started@0 FAILED',
      'deliver alarm 7..10 delivery.scheduled_time=1000 delivery.retry_count=0 outcome=done handler started@7',
      'change alarm 9..10 intents=0 <- deliver alarm',
      '  commit alarm 9..10',
    ])
  })

  it('end a delivery that was taken back as cancelled, when the next one runs', () => {
    expect(
      spansOf(`alarm     1

wake      1...!---1......|--
handler   1...!---1..|------
commit    -----------x...|--
`).slice(0, 2),
    ).toEqual([
      'deliver alarm 0..8 delivery.scheduled_time=1000 delivery.retry_count=0 outcome=cancelled handler started@0',
      'deliver alarm 8..15 delivery.scheduled_time=1000 delivery.retry_count=0 outcome=done handler started@8',
    ])
  })

  it('end with what breaks the alarm, all of them', () => {
    expect(
      spansOf(`alarm     1
broken    ALARM_COMMIT_FAILED

life      ^-------#---
wake      1.......%---
handler   1.......!---
ask       5-----7-----
commit    5.|---7.#---
write     --5.....!---
`),
    ).toEqual([
      'change alarm 0..2 intents=1 alarm.time=5000 <- deliver alarm',
      '  commit alarm 0..2 alarm.time=5000',
      '  write alarm 2..8 move=later write.fence=1 write.attempt=1 alarm.time=5000 error.type=Error FAILED',
      'deliver alarm 0..8 delivery.scheduled_time=1000 delivery.retry_count=0 error.type=Error outcome=failed handler started@0 FAILED',
      'change alarm 6..8 intents=1 alarm.time=7000 error.type=Error FAILED <- deliver alarm',
      '  commit alarm 6..8 alarm.time=7000 error.type=Error FAILED',
    ])
  })

  it('end a held change that is put back with the commit that it needs', () => {
    const lines = spansOf(`alarm     1

ask       5-----2-5-----------
commit    5.|-----5.|---------
write     --5.......|---------
`)
    expect(lines.slice(-2)).toEqual([
      'change alarm 6..10 intents=2 alarm.time=5000 held@6 released@8',
      '  commit alarm 8..10 alarm.time=5000',
    ])
  })

  it('have the write at opening by itself', () => {
    const { tracer, spans } = openSpans()
    NEVER.pipe(
      keepAlarm({ initial: 5, commit: () => EMPTY, write: () => EMPTY }),
      traceAlarms({ tracer }),
    ).subscribe()
    expect(drawSpans(spans()).map((line) => line.split(' ', 4))).toEqual([
      ['write', 'alarm', expect.any(String), 'move=same'],
    ])
  })

  it('belong to the span in which the alarm was set', () => {
    const { tracer, spans } = openSpans()
    let current = ROOT_CONTEXT
    const manager: Pick<ContextManager, 'active' | 'disable' | 'with'> = {
      active: () => current,
      with: (_, run, self, ...given) => run.apply(self as never, given),
      disable: () => manager as ContextManager,
    }
    context.setGlobalContextManager(manager as ContextManager)
    const alarm = openAlarm({ commit: () => EMPTY, write: () => EMPTY, reconcile: false })
    alarm.events$.pipe(traceAlarms({ tracer })).subscribe()
    const request = tracer.startSpan('request')
    current = trace.setSpan(ROOT_CONTEXT, request)
    alarm.set(5)
    current = ROOT_CONTEXT
    request.end()
    const parents = spans().map(({ name, parentSpanContext }) => {
      const of = spans().find((span) => span.spanContext().spanId === parentSpanContext?.spanId)
      return `${name} < ${of?.name}`
    })
    context.disable()
    expect(parents).toEqual([
      'write alarm < change alarm',
      'commit alarm < change alarm',
      'change alarm < request',
      'request < undefined',
    ])
  })
})
