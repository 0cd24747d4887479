import type { AlarmEvent } from 'nolater'
import { checkMarbles } from 'nolater/marbles'
import { traceAlarms } from 'nolater/otel'
import { concat, from, NEVER } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { alarmsAtStart, byName, type Metric, openMetrics } from './sdk.ts'

async function metricsOf(
  events: Iterable<AlarmEvent>,
  key?: 'spans' | 'spans and metrics',
): Promise<Record<string, Metric['value']>> {
  const metrics = openMetrics()
  const options = key === undefined ? {} : { key }
  // It does not end, so that what is left open is not closed for us.
  concat(from(events), NEVER)
    .pipe(traceAlarms({ meter: metrics.meter, ...options }))
    .subscribe()
  const collected = byName(await metrics.collect())
  await metrics.close()
  return collected
}

const run = (text: string, key?: 'spans' | 'spans and metrics') =>
  metricsOf(checkMarbles(`title     one\n${text}`).events, key)

describe('traceAlarms, its metrics', () => {
  it('are there before anything has happened: what is counted, at 0', async () => {
    expect(await metricsOf([])).toEqual(alarmsAtStart)
  })

  it('count intents by move, commits, writes, the time a precommit was held, and the write that was saved', async () => {
    expect(
      await run(`alarm     1

ask       5---9---2-----------------
commit    5.|-9.|---------2.|-------
write     --5...........|-----------    9 is never sent
                        2.|
`),
    ).toEqual({
      ...alarmsAtStart,
      'nolater.intents{move=later}': 2,
      'nolater.intents{move=earlier}': 1,
      'nolater.commit.duration': { count: 3, sum: 0.006 },
      'nolater.write.duration{move=later}': { count: 1, sum: 0.012 },
      'nolater.write.duration{move=earlier}': { count: 1, sum: 0.002 },
      'nolater.precommit.hold_time': { count: 1, sum: 0.006 },
      'nolater.write.saved': 1,
    })
  })

  it('split the lateness of an alarm into the part of the manager, the wait for its turn, and the handler', async () => {
    expect(
      await run(`alarm     a
where     a = 5.002, b = 5.004
clock     5

wake      ---a.......|---------------
          -------b.........|---------    b is due while the handler of a runs
handler   ---a.....|-----------------
          -----------b.|-------------
ask       ---b-----------------------
commit    ---b.|---------------------
          -------------x...|---------
write     -----b.....|---------------
`),
    ).toMatchObject({
      'nolater.delivery.lag{delivery.retry=false}': { count: 2, sum: 0.001 + 0.003 },
      'nolater.delivery.wait_time{delivery.retry=false}': { count: 2, sum: 0.004 },
      'nolater.delivery.lateness{delivery.retry=false}': { count: 2, sum: 0.001 + 0.007 },
      'nolater.delivery.process.duration': { count: 2, sum: 0.008 + 0.006 },
    })
  })

  it('tell a retry apart, whose lag has its back-off in it, and how its handler failed', async () => {
    const told = (at: number, kind: string, retryCount: number) =>
      ({
        at,
        key: '',
        kind,
        scheduledTime: 1000,
        time: 1000,
        retryCount,
        deletes: true,
        error: new TypeError('no'),
      }) as AlarmEvent
    expect(
      await metricsOf([
        told(1000, 'delivery-arrived', 0),
        told(1000, 'delivery-run', 0),
        told(1003, 'delivery-failed', 0),
        told(3003, 'delivery-arrived', 1),
        told(3004, 'delivery-run', 1),
        told(3006, 'delivery-done', 1),
      ]),
    ).toEqual({
      ...alarmsAtStart,
      'nolater.delivery.lag{delivery.retry=false}': { count: 1, sum: 0 },
      'nolater.delivery.lag{delivery.retry=true}': { count: 1, sum: 2.003 },
      'nolater.delivery.wait_time{delivery.retry=false}': { count: 1, sum: 0 },
      'nolater.delivery.wait_time{delivery.retry=true}': { count: 1, sum: 0.001 },
      'nolater.delivery.lateness{delivery.retry=false}': { count: 1, sum: 0 },
      'nolater.delivery.lateness{delivery.retry=true}': { count: 1, sum: 2.004 },
      'nolater.delivery.process.duration{error.type=TypeError}': { count: 1, sum: 0.003 },
      'nolater.delivery.process.duration': { count: 1, sum: 0.002 },
    })
  })

  it('tell a call that did not answer in time from one that failed', async () => {
    const timedOut = { count: 1, sum: 0.003 }
    expect(
      await run(`alarm     1
retry     2 ms
timeout   3 ms
broken    ALARM_COMMIT_FAILED

life      ^------------#
ask       5---------7---
commit    5.|-----------
          ----------7..!
write     --5..!--------
                 5..!---
`),
    ).toMatchObject({
      'nolater.write.duration{move=later,error.type=ALARM_TIMEOUT}': timedOut,
      'nolater.write.duration{move=same,error.type=ALARM_TIMEOUT}': timedOut,
      'nolater.commit.duration{error.type=ALARM_TIMEOUT}': timedOut,
      'nolater.write.retries': 1,
      'nolater.write.given_up': 1,
      'nolater.actor.busy': 0,
      'nolater.write.active': 0,
    })
  })

  it('count retries, and the writes given up', async () => {
    expect(
      await run(`alarm     1
retry     3 ms

ask       5------------
commit    5.|----------
write     --5..#--5..#-
`),
    ).toEqual({
      ...alarmsAtStart,
      'nolater.intents{move=later}': 1,
      'nolater.commit.duration': { count: 1, sum: 0.002 },
      'nolater.write.duration{move=later,error.type=Error}': { count: 1, sum: 0.003 },
      'nolater.write.duration{move=same,error.type=Error}': { count: 1, sum: 0.003 },
      'nolater.write.retries': 1,
      'nolater.write.given_up': 1,
    })
  })

  it('count what the manager refused by its fence, which breaks the alarm', async () => {
    expect(
      await run(`alarm     5
broken    ALARM_FENCED

life      ^-----#---
rival     --3-------
ask       ----2-----
write     ----2./---
`),
    ).toEqual({
      ...alarmsAtStart,
      'nolater.intents{move=earlier}': 1,
      'nolater.write.duration{move=earlier,error.type=ALARM_FENCED}': { count: 1, sum: 0.002 },
      'nolater.write.fenced': 1,
    })
  })

  it('count a delivery that came too early, and a manager that was later than the store', async () => {
    expect(
      await run(`alarm     1, manager 2

wake      2..>------
write     1..|------
`),
    ).toMatchObject({
      'nolater.delivery.rescheduled': 1,
      'nolater.violations': 1,
      'nolater.delivery.lag{delivery.retry=false}': { count: 1, sum: 0 }, // by our clock it is not due yet
      'nolater.actor.busy': 0,
    })
  })

  it('measure the lateness of what the store holds where the manager was later than that', async () => {
    expect(
      await run(`alarm     1, manager 2
clock     5

wake      2...|-----
handler   1.|-------
commit    --x.|-----
`),
    ).toMatchObject({
      'nolater.violations': 1,
      'nolater.delivery.lag{delivery.retry=false}': { count: 1, sum: 3 },
      'nolater.delivery.lateness{delivery.retry=false}': { count: 1, sum: 4 },
    })
  })

  it('measure the lateness of what the store holds where the manager was earlier, too', async () => {
    expect(
      await run(`alarm     2, manager 1
clock     5

wake      1...|-----
handler   2.|-------
commit    --x.|-----
`),
    ).toMatchObject({
      'nolater.delivery.lag{delivery.retry=false}': { count: 1, sum: 4 },
      'nolater.delivery.lateness{delivery.retry=false}': { count: 1, sum: 3 },
    })
  })

  it('count no move, and save no write, where the same value is set again', async () => {
    expect(
      await run(`alarm     1

ask       1---5---5------
commit    ----5.|--------
write     ------5....|---
`),
    ).toMatchObject({
      'nolater.intents{move=same}': 2, // 1, and 5 where the manager may hold it already
      'nolater.intents{move=later}': 1,
      'nolater.actor.busy': 0,
    })
    expect(await run('alarm     1\n\nask       1---1---\n')).toEqual({
      ...alarmsAtStart,
      'nolater.intents{move=same}': 2,
    })
  })

  it('save the writes of a change that is taken back', async () => {
    const metrics = await run(`alarm     1

ask       5-7-1--------
commit    5..|--1..|---
             7..|
`)
    expect(metrics['nolater.write.saved']).toBe(3)
  })

  it('save nothing where what the handler deletes is deleted once more', async () => {
    const metrics = await run(`alarm     1

wake      1.......|----
handler   1..|---------
commit    ---x....|----
ask       -----x-------
`)
    expect(metrics).toMatchObject({ 'nolater.intents{move=later}': 1, 'nolater.actor.busy': 0 })
    expect(metrics['nolater.write.saved']).toBe(0)
  })

  it('save each write once, though the actor is drained more than once while it is handled', async () => {
    const metrics = await run(`alarm     1

wake      1...........|-------
handler   1...........|-------
ask       --5-1---------------
commit    --5..|-1..|---------
write     ----1..|------------
`)
    expect(metrics).toMatchObject({ 'nolater.write.saved': 1, 'nolater.actor.busy': 0 })
  })

  it('save what a retry carries with it, and not the write that is tried again', async () => {
    const metrics = await run(`alarm     1
retry     4 ms

ask       5-----7------
commit    5.|---7.|----
write     --5.#--------
          --------7.|--
`)
    expect(metrics).toMatchObject({ 'nolater.write.saved': 1, 'nolater.write.retries': 1 })
  })

  it('end with nothing busy where the alarm breaks with a write in flight', async () => {
    expect(
      await run(`alarm     1
broken    ALARM_COMMIT_FAILED

life      ^-------#---
ask       5-----7-----
commit    5.|---7.#---
write     --5.....!---
`),
    ).toMatchObject({
      'nolater.commit.duration{error.type=Error}': { count: 1, sum: 0.002 },
      'nolater.actor.busy': 0,
      'nolater.write.active': 0,
    })
  })

  it('end with nothing busy where a precommit fails', async () => {
    expect(
      await run(`alarm     5
broken    ALARM_PRECOMMIT_FAILED

life      ^---#---
ask       --2-----
write     --2.#---
`),
    ).toEqual({
      ...alarmsAtStart,
      'nolater.intents{move=earlier}': 1,
      'nolater.write.duration{move=earlier,error.type=Error}': { count: 1, sum: 0.002 },
    })
  })

  it('count the delivery that ends because its alarm breaks', async () => {
    expect(
      await run(`alarm     1
broken    ALARM_COMMIT_FAILED

life      ^----#---
wake      1....%---
handler   1.|------
commit    --x..#---
`),
    ).toMatchObject({
      'nolater.delivery.process.duration{error.type=Error}': { count: 1, sum: 0.005 },
      'nolater.actor.busy': 0,
    })
  })

  it('have the key where that is asked for, and nowhere else', async () => {
    const text = 'alarm     1\n\nask       5----\ncommit    (5|)-\nwrite     5.|--\n'
    expect(Object.keys(await run(text)).filter((name) => name.includes('key='))).toEqual([])
    expect(await run(text, 'spans')).toEqual(await run(text))
    const keyed = await run(text, 'spans and metrics')
    expect(Object.keys(keyed).filter((name) => !name.includes('key='))).toEqual([])
    expect(Object.keys(keyed)).toHaveLength(5)
  })

  it('do not grow with the actors, nor with what their errors say', async () => {
    const failing = (i: number): AlarmEvent[] => {
      const own = { at: i, key: `actor ${i}`, time: 5, move: 'later', fence: i, attempt: 1 } as const
      const error = new Error(`refused ${i}`)
      return [
        { kind: 'write-issued', ...own },
        { kind: 'write-failed', ...own, took: 1, error: Object.assign(error, { code: `no. ${i}` }) },
        { kind: 'write-given-up', ...own, error },
        { kind: 'drained', at: i, key: own.key, time: 5, caughtUp: false },
      ]
    }
    const metrics = await metricsOf(Array.from({ length: 1000 }, (_, i) => failing(i)).flat())
    expect(metrics).toEqual({
      ...alarmsAtStart,
      'nolater.write.duration{move=later,error.type=Error}': { count: 1000, sum: 1 },
      'nolater.write.given_up': 1000,
    })
  })
})
