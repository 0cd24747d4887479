import type { AlarmDelivery } from 'nolater'
import { drawTimeline, mergeTimelines, type Timeline, type TimelineEvent } from 'nolater/marbles'
import { describe, expect, it } from 'vitest'
import { recorded } from './draw-recorded.ts'

/** Lines as they are printed, with a first line of its own so that the snapshot keeps the columns. */
const drawn = (timeline: Timeline, options: { width?: number; title?: string } = {}): string =>
  `\n${drawTimeline(timeline, { format: 'ascii', ...options })}`

type Kind = TimelineEvent['kind']
type Rest<K extends Kind> = Omit<Extract<TimelineEvent, { kind: K }>, 'at' | 'key' | 'kind'>

/** A timeline by hand: `[at, kind, rest]`. */
function told(
  ...events: { [K in Kind]: [at: number, kind: K, rest: Rest<K>, key?: string] }[Kind][]
): Timeline {
  return { events: events.map(([at, kind, rest, key = '']) => ({ at, key, kind, ...rest }) as TimelineEvent) }
}

const write = { move: 'later', fence: 1, attempt: 1 } as const
const down = { message: 'down' }

describe('drawTimeline as text', () => {
  it('draws an earlier move that waits for the later one in flight', () => {
    const { alarm, clock, recording } = recorded({ commit: () => 4, write: () => 12 }, { initial: 1 })
    alarm.set(5)
    clock.advance(6)
    alarm.set(9)
    clock.advance(3)
    alarm.set(2)
    clock.flush()
    expect(drawn(recording.timeline, { title: 'the race' })).toMatchInlineSnapshot(`
      "
      the race

      clock       0     4  6   9 10    16            28   32
                  |-----|--|---|-|-----|-------------|----|---
      intents     5        9   2
      moves       >        >   <
      held                     2.........|
      commits       5...|   (9)..|                    2...|
      writes             5.............| 2...........|     *
      manager     1      ..............5 ............2
      store       1 ....5   .....9                    ....2
      gate        ======|  ===============================|

      times in ms; < earlier than the bound; > later; (5) a newer time took its place; 5..| acknowledged;
      * drained; 1..5 one or the other; ==| gate closed
      "
    `)
  })

  it('draws what happens at the same time in its order', () => {
    const { alarm, clock, recording } = recorded({})
    alarm.set(5)
    alarm.set(3)
    clock.advance(10)
    alarm.delete()
    expect(drawn(recording.timeline)).toMatchInlineSnapshot(`
      "
      alarm

      clock       0                      10
                  |----------------------|---------------
      intents     5           3          delete
      moves       <           <          >
      commits             5.|     3.|     none|
      writes           5.|   * 3.|   *         none|*
      manager     none ..5     ..3             ....none
      store       none    ..5     ..3     ....none
      gate        ==========| ======|    =====|

      times in ms; < earlier than the bound; > later; 5..| acknowledged; * drained; 1..5 one or the other;
      ==| gate closed
      "
    `)
  })

  it('draws failures, retries, a delivery and the end, with long gaps left out', () => {
    let writes = 0
    const { alarm, clock, after, recording } = recorded(
      { commit: () => 5, write: () => (++writes === 2 ? new Error('manager is down') : 10) },
      { key: '42', start: Date.UTC(2026, 10, 23, 12) },
    )
    alarm.set(clock.now() + 30_000)
    clock.advance(20)
    alarm.set(clock.now() + 3_600_000)
    clock.flush()
    const due = alarm.time!
    clock.advanceTo(due)
    const delivery: Partial<AlarmDelivery> & { scheduledTime: number } = { scheduledTime: due, retryCount: 2 }
    alarm.deliver(delivery, () => after(250)).subscribe()
    clock.flush()
    alarm.set(due + 60_000, { allowUnconfirmed: true })
    alarm.close()
    expect(drawn(recording.timeline)).toMatchInlineSnapshot(`
      "
      alarm "42"

      clock       0            10ms 15ms 20ms     25ms     28ms  1.028s  1.038s 1h0.02s  1h0.27s 1h0.275s
                  |------------|----|----|--------|--------|-~1s~|-------|--~1h~|-~250ms~|-------|--------
      intents     +30s                   +1h0.02s
      moves       <                      >
      commits                   +30s|     +1h0.02s|                                      none....|
      writes           +30s....|     *             +1h0.02s#:::::+1h0.02s|*                       *
      manager     none ........+30s                ......................+1h0.02s                  none
      store       none          ....+30s  ........+1h0.02s                               ........none
      gate        ==================|    =========|
      deliveries                                                                +1h0.02s r2========|

      clock       1h0.275s
                  |-----------------
      intents     +1h1m0.02s?    |
      moves       <
      commits
      writes           +1h1m0.02s!
      manager     none .............
      store       none
      gate
      deliveries

      0 is 2026-11-23T12:00:00.000Z; < earlier than the bound; > later; 5? holds no gate;
      5..| acknowledged; 5..# failed; 5..! cut off; ::: rests before a retry; * drained;
      1..5 one or the other; ==| gate closed; ==| handler runs
      ! 28ms: write +1h0.02s failed: manager is down
      "
    `)
  })

  it('draws an alarm that breaks, and what its error says', () => {
    const { alarm, clock, recording } = recorded(
      { commit: () => 5, write: (time) => (time === 10 ? new Error('refused') : 5) },
      { initial: 50, key: 'actor' },
    )
    alarm.set(30)
    clock.advance(30)
    alarm.set(10)
    clock.flush()
    expect(drawn(recording.timeline, { width: 80 })).toMatchInlineSnapshot(`
      "
      alarm "actor"

      clock       0      5    10               30 33
                  |------|----|----------------|--|---
      intents     30                           10  #
      moves       <                            <
      commits             30..|
      writes         30..|     *                10#
      manager     50 ....30                     ......
      store       50      ....30
      gate        ============|                ====###

      times in ms; < earlier than the bound; 5..| acknowledged; 5..# failed;
      * drained; 1..5 one or the other; ==| gate closed
      ! 33: write 10 failed: refused
      ! 33: broken: The manager did not take the earlier alarm 10 of "actor", so it
        was not committed: refused. Open the alarm again from its store; a fleet does
        so when it is asked next. (ALARM_PRECOMMIT_FAILED)
      "
    `)
  })

  it('goes on below what does not fit, and says again what still holds', () => {
    const { alarm, clock, recording } = recorded({ commit: () => 7, write: () => 9 })
    for (const time of [5, 3, 9, 2, 8, 1]) {
      alarm.set(time)
      clock.advance(11)
    }
    const text = drawn(recording.timeline, { width: 60 })
    expect(text).toMatchInlineSnapshot(`
      "
      alarm

      clock       0           9  11   16 20 22  27     33 34
                  |-----------|--|----|--|--|---|------|--|--
      intents     5              3          9          2
      moves       <              <          >          <
      commits                  5......|   3.....| (9).....|
      writes           5......|   3......|              2....
      manager     none .......5   .......3              .....
      store       none         .......5   ......3 ........9
      gate        ===========================================

      clock            42 44  49     55 56    64
                  -----|--|---|------|--|-----|---
      intents             8          1
      moves               >          <
      commits           2.....| 8.......|      1..
      writes      .....|              1.......|
      manager          2              ........1
      store       9     ......2 ........8      ...
      gate        ================================

      times in ms; < earlier than the bound; > later;
      (5) a newer time took its place; 5..| acknowledged;
      1..5 one or the other; ==| gate closed
      "
    `)
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60)
  })

  it('draws actors one below the other on one ruler', () => {
    const run = (key: string, start: number) => {
      const { alarm, clock, recording } = recorded({ commit: () => 5, write: () => 3 }, { key, start })
      alarm.set(50)
      clock.flush()
      return recording.timeline
    }
    expect(drawn(mergeTimelines(run('a', 0), run('b', 5)))).toMatchInlineSnapshot(`
      "
      alarms "a", "b"

      clock       0        3   5        8         13
                  |--------|---|--------|---------|---

      "a"
      intents     50
      moves       <
      commits               50..........|
      writes           50..|             *
      manager     none ....50
      store       none      ............50
      gate        ======================|

      "b"
      intents                  50
      moves                    <
      commits                              50.....|
      writes                        50....|        *
      manager                  none ......50
      store                    none        .......50
      gate                     ===================|

      times in ms; < earlier than the bound; 5..| acknowledged; * drained; 1..5 one or the other;
      ==| gate closed
      "
    `)
  })

  it('draws a write that is fenced, one that is given up, and a manager that is late', () => {
    const timeline = told(
      [0, 'write-issued', { ...write, time: 5 }],
      [2, 'write-failed', { ...write, time: 5, took: 2, error: down }],
      [2, 'write-given-up', { ...write, time: 5, error: down }],
      [2, 'drained', { time: 5, caughtUp: false }],
      [9, 'delivery-arrived', { scheduledTime: 9, retryCount: 0 }],
      [9, 'violation', { manager: 9, committed: 5 }],
      [9, 'delivery-run', { scheduledTime: 9, retryCount: 0, time: 9, deletes: true }],
      [
        11,
        'delivery-failed',
        { scheduledTime: 9, retryCount: 0, error: { code: 'E_OOPS', message: 'oops' } },
      ],
      [12, 'write-issued', { ...write, fence: 2, time: 5, move: 'same' }],
      [14, 'write-fenced', { ...write, fence: 2, time: 5, move: 'same', took: 2, error: down }],
      [14, 'errored', { error: { code: 'ALARM_FENCED', message: 'fenced' } }],
    )
    expect(drawn(timeline)).toMatchInlineSnapshot(`
      "
      alarm

      clock       0   2              9   11 12  14
                  |---|--------------|---|--|---|---
      intents                                    #
      writes      5...#*                    5.../
      manager     ?
      store       5
      gate                                       ###
      deliveries                     9!==#

      times in ms; 5..# failed; 5../ refused by the fence; * drained; ==| handler runs
      ! 2: write 5 failed: down
      ! 2: write 5 was given up at attempt 1: the manager may be early
      ! 2: drained at 5, but the manager has not caught up
      ! 9: violation: the manager held 9, after the committed 5
      ! 11: delivery 9 failed: oops (E_OOPS)
      ! 14: write 5 was refused by the fence: down
      ! 14: broken: fenced (ALARM_FENCED)
      "
    `)
  })

  it('gives an answer to the call with its time, where another keeper has several under way', () => {
    const timeline = told(
      [0, 'commit-issued', { time: 5 }],
      [1, 'commit-issued', { time: 9 }],
      [4, 'commit-acknowledged', { time: 5, took: 4 }],
      [6, 'commit-acknowledged', { time: 9, took: 5 }],
    )
    const text = drawTimeline(timeline, { format: 'json' })
    expect(text).toContain('commit 5: issued at 0, durable at 4 after 4')
    expect(text).toContain('commit 9: issued at 1, durable at 6 after 5')
  })

  it('draws deliveries that wait for their turn in rows of their own', () => {
    const [first, second, third] = [5, 7, 8].map((scheduledTime) => ({ scheduledTime, retryCount: 0 }))
    const timeline = told(
      [5, 'delivery-arrived', first!],
      [5, 'delivery-run', { ...first!, time: first!.scheduledTime, deletes: true }],
      [7, 'delivery-arrived', second!],
      [8, 'delivery-arrived', third!],
      [12, 'delivery-done', first!],
      [12, 'delivery-rescheduled', { ...second!, time: 20 }],
      [13, 'delivery-run', { ...third!, time: third!.scheduledTime, deletes: false }],
      [20, 'delivery-arrived', { scheduledTime: 20, retryCount: 0 }],
      [22, 'delivery-arrived', { scheduledTime: 22, retryCount: 1 }],
      [24, 'delivery-run', { scheduledTime: 20, retryCount: 0, time: 20, deletes: false }],
    )
    expect(drawn(timeline)).toMatchInlineSnapshot(`
      "
      alarm

      clock       5   7 8       12 13            20  22  24
                  |---|-|-------|--|-------------|---|---|--
      manager     5
      store       ?
      deliveries  5=============|                20......===
                      7..........|                   22 r1..
                        8..........=========================

      times in ms; 5..| acknowledged; ==| handler runs
      "
    `)
  })

  it('marks what a newer time took the place of', () => {
    const timeline = told(
      [0, 'intent', { time: 5, move: 'later', unconfirmed: false, bound: 1, committed: 1 }],
      [0, 'commit-issued', { time: 5 }],
      [4, 'commit-acknowledged', { time: 5, took: 4 }],
      [4, 'write-issued', { ...write, time: 5 }],
      [5, 'intent', { time: 8, move: 'later', unconfirmed: false, bound: 5, committed: 5 }],
      [5, 'commit-issued', { time: 8 }],
      [6, 'touched', { unconfirmed: true }],
      [9, 'commit-acknowledged', { time: 8, took: 4 }],
      [10, 'intent', { time: 9, move: 'later', unconfirmed: false, bound: 5, committed: 8 }],
      [10, 'commit-issued', { time: 9 }],
      [14, 'commit-acknowledged', { time: 9, took: 4 }],
      [14, 'superseded', { before: 'write', time: 8, by: 9 }],
      [16, 'intent', { time: 2, move: 'earlier', unconfirmed: false, bound: 5, committed: 9 }],
      [16, 'held', { time: 2 }],
      [17, 'intent', { time: 8, move: 'later', unconfirmed: false, bound: 5, committed: 9 }],
      [17, 'superseded', { before: 'commit', time: 2, by: 8 }],
      [17, 'released', { time: 8, heldFor: 1 }],
      [17, 'commit-issued', { time: 8 }],
      [19, 'intent', { time: 3, move: 'earlier', unconfirmed: false, bound: 5, committed: 9 }],
      [19, 'superseded', { before: 'commit', time: 8, by: 3 }],
      [19, 'held', { time: 3 }],
    )
    expect(drawn(timeline)).toMatchInlineSnapshot(`
      "
      alarm

      clock       0         4  5  6     9 10       14  16  17    19
                  |---------|--|--|-----|-|--------|---|---|-----|--
      intents     5            8  touch?  9            (2) (8)   3
      moves       >            >          >            <   >     <
      held                                             2....|    3..
      commits       5.......|   (8).....|  9.......|         8......
      writes                 5......................................
      manager     1          .......................................
      store       1 ........5   ........8  ........9         .......
      gate        ==========|  =========| =========|   =============

      times in ms; < earlier than the bound; > later; (5) a newer time took its place; 5? holds no gate;
      5..| acknowledged; 1..5 one or the other; ==| gate closed
      "
    `)
  })

  it('draws a write that was issued before anyone listened, and knows nothing of the time before', () => {
    const timeline = told(
      [10, 'commit-acknowledged', { time: 4, took: 3 }],
      [10, 'commit-issued', { time: 8 }],
      [14, 'write-acknowledged', { ...write, time: 5, took: 40 }],
      [15, 'commit-acknowledged', { time: 8, took: 5 }],
      [20, 'write-failed', { ...write, time: 7, took: 99, error: down }, 'newcomer'],
      [22, 'write-acknowledged', { ...write, time: 7, took: 40 }, 'newcomer'],
    )
    expect(drawn(timeline)).toMatchInlineSnapshot(`
      "
      alarm "newcomer"

      clock       10        14 15        20  22
                  |---------|--|---------|---|--

      ""
      commits       8..........|
      writes      5.........|
      manager     ?         5
      store       4 ...........8

      "newcomer"
      writes                             7...|
      manager                            ?   7
      store                              ?

      times in ms; 5..| acknowledged; 1..5 one or the other
      ! "newcomer" 20: write 7 failed: down
      "
    `)
  })

  it('knows from the first column on what a drained alarm held, if that is where it begins', () => {
    const drained = { at: 1, key: 'k', kind: 'drained', time: 5 } as const
    const arrived = { at: 2, key: 'k', kind: 'delivery-arrived', scheduledTime: 4, retryCount: 0 } as const
    const lanes = (caughtUp: boolean): string[] =>
      drawTimeline({ events: [{ ...drained, caughtUp }, arrived] }, { format: 'ascii' })
        .split('\n')
        .filter((line) => /^(?:manager|store)/.test(line))
        .map((line) => line.replace(/ +/g, ' '))
    expect(lanes(true)).toEqual(['manager 5', 'store 5'])
    expect(lanes(false)).toEqual(['manager 4', 'store ?'])
  })

  it('draws a clock that is stepped back, and opens a new gate for an actor that is opened again', () => {
    const timeline = told(
      [1000, 'intent', { time: 7, move: 'earlier', unconfirmed: false, bound: null, committed: null }],
      [1000, 'errored', { error: down }],
      [400, 'intent', { time: 6, move: 'earlier', unconfirmed: false, bound: null, committed: null }],
      [400, 'commit-issued', { time: 6 }],
      [403, 'commit-acknowledged', { time: 6, took: 3 }],
    )
    expect(drawn(timeline)).toMatchInlineSnapshot(`
      "
      alarm

      clock       1s            400ms 403ms
                  |-----~-600ms~|-----|-----
      intents     7ms #         6ms
      moves       <             <
      commits                    6ms..|
      manager     none
      store       none           .....6ms
      gate        ====##########======|

      times from 0 of the clock; < earlier than the bound; 5..| acknowledged; 1..5 one or the other;
      ==| gate closed
      ! 1s: broken: down
      "
    `)
  })

  it('draws nothing at all, and events that it does not know', () => {
    expect(drawn({ events: [] })).toBe('\nalarm\n\ntimes in ms\n')
    const unknown = { at: 3, key: '', kind: 'of-a-newer-version' } as unknown as TimelineEvent
    expect(drawn({ events: [unknown] })).toMatchInlineSnapshot(`
      "
      alarm

      clock       3
                  |--
      manager     ?
      store       ?

      times in ms
      "
    `)
  })

  it('prints keys so that none can break the drawing', () => {
    const { alarm, recording } = recorded({}, { key: 'é漢\n\u202e"<b>' })
    alarm.set(1)
    expect(drawn(recording.timeline).split('\n')[1]).toBe('alarm "é漢\\n\\u{202e}\\"<b>"')
  })

  it('breaks long lines between words, and leaves long words whole', () => {
    const title = `${'x'.repeat(50)} ${'short words '.repeat(4)}end`
    const lines = drawn({ events: [] }, { width: 40, title }).split('\n').slice(1, 4)
    expect(lines).toEqual(['x'.repeat(50), 'short words short words short words', 'short words end'])
  })

  it('prints times so that different ones never look the same', () => {
    const at = Date.UTC(2026, 0, 1)
    const labels = (start: number, ...times: number[]): string => {
      const timeline = told(
        ...times.map((time): [number, 'commit-issued', { time: number }] => [
          start,
          'commit-issued',
          { time },
        ]),
      )
      const { actors } = JSON.parse(drawTimeline(timeline, { format: 'json' }))
      return actors[0].lanes[0].rows.flat().map(({ label }: { label: string }) => label)
    }
    expect(labels(0, 0, 999)).toEqual(['0', '999'])
    expect(labels(0, 999, 1000, 1001)).toEqual(['999ms', '1s', '1.001s'])
    expect(labels(5000, 60_000, 3_723_004, 90_000_000)).toEqual(['1m', '1h2m3.004s', '1d1h'])
    expect(labels(at, at, at + 5, at + 60_000, at - 1500, 5)).toEqual(['+0', '+5ms', '+1m', '-1.5s', '@5'])
    expect(labels(0, at, Number.MAX_SAFE_INTEGER)).toEqual(['2026-01-01T00:00:00Z', '@9007199254740991'])
  })

  it('leaves out long gaps only, and says roughly how long they are', () => {
    const gaps = (...gaps: number[]): string[] => {
      let at = 0
      const times = [0, ...gaps.map((gap) => (at += gap))]
      const timeline = told(
        ...times.map((at): [number, 'drained', { time: null; caughtUp: true }] => [
          at,
          'drained',
          { time: null, caughtUp: true },
        ]),
      )
      const { ruler } = JSON.parse(drawTimeline(timeline, { format: 'json' }))
      return ruler.slice(1).map(({ gap, step }: { gap?: string; step: number }) => gap ?? step)
    }
    expect(gaps(10, 10, 10)).toEqual([4, 4, 4])
    expect(gaps(5, 10, 10, 40, 41)).toEqual([2, 4, 4, 16, 16])
    expect(gaps(10, 10, 42, 1)).toEqual([4, 4, '~42ms~', 1])
    expect(gaps(1, 1, 1, 3_599_000, 5400_000, 2.5 * 86_400_000)).toEqual([
      4,
      4,
      4,
      '~1h~',
      '~1.5h~',
      '~2.5d~',
    ])
    expect(gaps(3_600_000)).toEqual([4])
  })
})

describe('drawTimeline', () => {
  const { alarm, clock, recording } = recorded({ commit: () => 5, write: () => 10 }, { key: 'a' })
  alarm.set(50)
  clock.flush()

  it('gives the drawing itself as JSON', () => {
    const json = drawTimeline(recording.timeline, { format: 'json' })
    const drawing = JSON.parse(json)
    expect(json).toBe(`${JSON.stringify(drawing, null, 2)}\n`)
    expect(drawing).toMatchObject({ title: 'alarm "a"', legend: 'times in ms', notes: [] })
    expect(drawing.ruler).toEqual([
      { at: 0, clock: '0', step: 1 },
      { at: 0, step: 1 },
      { at: 10, clock: '10', step: 8 },
      { at: 10, step: 1 },
      { at: 15, clock: '15', step: 4 },
      { at: 15, step: 1 },
    ])
    expect(drawing.actors[0].lanes.map(({ name }: { name: string }) => name)).toEqual([
      'intents',
      'moves',
      'commits',
      'writes',
      'manager',
      'store',
      'gate',
    ])
    expect(drawing.actors[0].lanes[3].rows[0][0]).toEqual({
      shape: 'span',
      look: 'write',
      from: 1,
      to: 2,
      time: 50,
      label: '50',
      tooltip: 'write 50, earlier, fence 1: issued at 0, acknowledged at 10 after 10',
      ending: 'acknowledged',
    })
  })

  it.each(['ascii', 'svg', 'json'] as const)('draws the same timeline with the same bytes: %s', (format) => {
    const again = JSON.parse(JSON.stringify(recording.timeline))
    expect(drawTimeline(again, { format })).toBe(drawTimeline(recording.timeline, { format }))
  })

  it('takes the time of its events, however many bands they fill', { timeout: 60_000 }, () => {
    const { alarm, clock, recording: long } = recorded({ commit: () => 0, write: () => 0 })
    for (let i = 0; i < 16_000; i++) {
      clock.advance(1)
      alarm.set((i % 7) * 1_000)
    }
    const lines = drawTimeline(long.timeline, { format: 'ascii' }).split('\n')
    expect(lines.filter((line) => line.startsWith('clock')).length).toBeGreaterThan(1_000)
  })

  it('refuses what it cannot draw', () => {
    const invalid = (message: RegExp) =>
      expect.objectContaining({ code: 'ALARM_CONFIG_INVALID', message: expect.stringMatching(message) })
    const { timeline } = recording
    expect(() => drawTimeline(timeline, { format: 'png' as 'svg' })).toThrow(invalid(/'ascii'.*given "png"/))
    expect(() => drawTimeline(timeline, { format: 'ascii', width: 39 })).toThrow(
      invalid(/40 or more; given 39/),
    )
    expect(() => drawTimeline(timeline, { format: 'svg', width: 359 })).toThrow(invalid(/360 or more/))
    expect(() => drawTimeline(timeline, { format: 'ascii', width: 99.5 })).toThrow(invalid(/whole number/))
  })
})
