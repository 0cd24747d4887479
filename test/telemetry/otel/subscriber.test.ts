import { type AlarmEvent, type AlarmTime, keepAlarm, openAlarm, setAlarm } from 'nolater'
import { virtualClock } from 'nolater/marbles'
import { config, type Observable, of, timer } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { reportsOver } from '../../reports-over.ts'

const unhandled: unknown[] = []
config.onUnhandledError = (error) => unhandled.push(error)
afterEach(() => {
  unhandled.length = 0
})

/** An alarm whose store and manager take 5 ms, and a log of what reaches them and whom. */
function openLogged(subscriber?: (event: AlarmEvent, log: string[]) => void) {
  const clock = virtualClock()
  const log: string[] = []
  const after = (what: string, time: AlarmTime): Observable<unknown> => {
    log.push(`${clock.now()} ${what} ${time}`)
    return timer(5, clock)
  }
  const alarm = openAlarm({
    initial: 100,
    reconcile: false,
    scheduler: clock,
    commit: (time) => after('commit', time),
    write: (time) => after('write', time),
  })
  if (subscriber) alarm.events$.subscribe((event) => subscriber(event, log))
  return { alarm, clock, log }
}

function play({ alarm, clock, log }: ReturnType<typeof openLogged>): string[] {
  alarm.set(200)
  clock.advance(1)
  alarm.set(50)
  clock.advance(30)
  alarm
    .deliver({ scheduledTime: 50 }, () => timer(2, clock))
    .subscribe({ next: ({ kind }) => log.push(kind), error: () => log.push('failed') })
  clock.advance(60)
  return log
}

const alone = play(openLogged())

describe('a subscriber of the events', () => {
  it('changes nothing of what the alarm does and when', () => {
    expect(alone).toEqual(['0 commit 200', '1 write 50', '6 commit 50', '33 commit null', 'ran'])
    expect(play(openLogged(() => {}))).toEqual(alone)
  })

  it('that throws at every event changes nothing either, and hears them all', async () => {
    let heard = 0
    const log = play(
      openLogged(() => {
        heard++
        throw new Error('the exporter is down')
      }),
    )
    expect(log).toEqual(alone)
    await reportsOver()
    expect(unhandled).toHaveLength(heard)
    expect(heard).toBeGreaterThan(6)
  })

  it('that throws keeps nothing from the others', async () => {
    const { alarm, clock, log } = openLogged(() => {
      throw new Error('the exporter is down')
    })
    const kinds: string[] = []
    alarm.events$.subscribe(({ kind }) => kinds.push(kind))
    play({ alarm, clock, log })
    expect(kinds.filter((kind) => kind === 'drained')).toHaveLength(2)
    expect(kinds.at(-1)).toBe('delivery-done')
    await reportsOver()
  })

  it('of keepAlarm that throws breaks nothing', async () => {
    const committed: AlarmTime[] = []
    const own = { commit: (time: AlarmTime) => [committed.push(time)], write: () => [] }
    of(setAlarm(5), setAlarm(9))
      .pipe(keepAlarm(own))
      .subscribe(() => {
        throw new Error('the exporter is down')
      })
    expect(committed).toEqual([5, 9])
    await reportsOver()
  })

  it('that is slow holds up no call: what was decided is under way before it hears of it', () => {
    const log = play(openLogged(({ kind }, log) => log.push(kind)))
    expect(log.slice(0, 13)).toEqual([
      '0 commit 200',
      'intent',
      'commit-issued',
      '1 write 50',
      'intent',
      'write-issued',
      'commit-acknowledged',
      '6 commit 50', // the write's acknowledgement is heard when what it allows has been issued
      'write-acknowledged',
      'commit-issued',
      'commit-acknowledged',
      'superseded',
      'drained',
    ])
  })

  it('that sets the alarm itself is heard after what it was told', () => {
    const kinds: string[] = []
    const { alarm, clock } = openLogged(({ kind }) => {
      kinds.push(kind)
      if (kind === 'intent' && kinds.length === 1) alarm.set(300)
    })
    alarm.set(200)
    clock.advance(60)
    expect(kinds.slice(0, 3)).toEqual(['intent', 'commit-issued', 'intent'])
    expect(alarm.time).toBe(300)
  })

  it('that is slow does not hold up the handler: it has been called before a listener hears of its delivery', () => {
    const { alarm, log } = openLogged(({ kind }, log) => log.push(kind))
    alarm.deliver({ scheduledTime: 100 }, () => [log.push('handler')]).subscribe()
    expect(log.slice(0, 3)).toEqual(['handler', '0 commit null', 'delivery-arrived'])
  })
})
