import fc from 'fast-check'
import { concat, defer, ignoreElements, map, type Observable, timer } from 'rxjs'
import { type Alarm, type AlarmTime, memoryManager, openAlarm } from '../../src/index.ts'
import { virtualClock } from '../../src/marbles/index.ts'
import { isNoLater } from './world.ts'

/** One thing that an actor's application does, `after` ms after the one before. */
interface Act {
  readonly after: number
  readonly actor: number
  readonly what: 'set' | 'delete' | 'crash'
  /** ms from then */
  readonly in: number
}

export const acts: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.record({
    after: fc.nat({ max: 3000 }),
    actor: fc.nat({ max: 3 }),
    what: fc.constantFrom('set', 'set', 'set', 'delete', 'crash'),
    in: fc.nat({ max: 20_000 }),
  }),
  { minLength: 1, maxLength: 40, size: 'max' },
)

/** What each call takes, and whether it fails: the same numbers make the same fleet. */
export const luck: fc.Arbitrary<readonly number[]> = fc.array(fc.nat({ max: 99 }), {
  minLength: 50,
  maxLength: 200,
  size: 'max',
})

interface Actor {
  readonly key: string
  epoch: number
  store: AlarmTime
  /** on its way to the store */
  commits: AlarmTime | undefined
  alarm: Alarm | null
  readonly handled: number[]
}

const HOUR = 3_600_000

/** Some actors on one manager, on a clock that nobody waits for; returns what went wrong. */
export function runFleet(script: readonly Act[], numbers: readonly number[], open = openAlarm): string[] {
  const clock = virtualClock(1_000_000)
  const manager = memoryManager({ scheduler: clock })
  const actors = ['a', 'b', 'c', 'd'].map(
    (key): Actor => ({ key, epoch: 0, store: null, commits: undefined, alarm: null, handled: [] }),
  )
  const faults = new Set<string>()
  let drawn = 0
  let isCalm = false

  const draw = (): number => numbers[drawn++ % numbers.length]!
  const chance = (): void => {
    if (draw() < 8 && !isCalm) throw new Error('on purpose')
  }

  /** It takes a while, does something and may fail before or after that. */
  function call(what: () => Observable<never> | undefined): Observable<never> {
    return concat(
      timer(draw() * 4, clock).pipe(ignoreElements()),
      defer(() => {
        chance()
        return what() ?? []
      }),
      timer(draw() * 4, clock).pipe(ignoreElements()),
      defer(() => {
        chance()
        return []
      }),
    )
  }

  function seeNeverLate({ key, store, commits }: Actor): void {
    const held = manager.get(key)
    if (isNoLater(held, store) && (commits === undefined || isNoLater(held, commits))) return
    faults.add(`${key}: the manager is never later than what the store may hold`)
  }

  function alarmOf(actor: Actor): Alarm {
    if (actor.alarm !== null) return actor.alarm
    const { key } = actor
    const epoch = ++actor.epoch
    actor.commits = undefined
    const alarm = open({
      key,
      epoch,
      initial: actor.store,
      scheduler: clock,
      retry: { count: 2 },
      commit(time) {
        if (actor.epoch === epoch) actor.commits = time
        seeNeverLate(actor)
        return call(() => {
          if (actor.epoch !== epoch) throw new Error('the store belongs to a newer process')
          actor.store = time
          actor.commits = undefined
          seeNeverLate(actor)
          return undefined
        })
      },
      write: (time, info) => call(() => manager.write(key, time, info)),
    })
    actor.alarm = alarm
    const forget = (): void => {
      if (actor.alarm === alarm) actor.alarm = null
    }
    alarm.events$.subscribe({
      next({ kind }) {
        if (kind === 'violation') faults.add(`${key}: no violation is told where there is none`)
        seeNeverLate(actor)
      },
      error(error) {
        if (error.code === 'ALARM_FENCED' && actor.epoch === epoch)
          faults.add(`${key}: the owner is not refused`)
        forget()
      },
      complete: forget,
    })
    return alarm
  }

  const actorOf = (key: string): Actor => actors.find((actor) => actor.key === key)!

  manager
    .deliveries(
      (delivery) => {
        const actor = actorOf(delivery.key)
        if (delivery.scheduledTime > clock.now()) faults.add(`${actor.key}: no wake-up before its time`)
        return alarmOf(actor).deliver(delivery, ({ scheduledTime }) => {
          if (scheduledTime > clock.now()) faults.add(`${actor.key}: no handler before its time`)
          return call(() => {
            actor.handled.push(scheduledTime)
            if (draw() < 20 && !isCalm) actor.alarm?.set(clock.now() + draw() * 50)
            return undefined
          })
        })
      },
      {
        concurrency: 3,
        abandon(key, time) {
          const alarm = alarmOf(actorOf(key))
          const kept = alarm.abandon(time)
          return alarm.confirmed().pipe(map(() => kept))
        },
      },
    )
    .subscribe()

  for (const { after, actor: index, what, in: ms } of script) {
    clock.advance(after)
    const actor = actors[index]!
    if (what === 'crash') actor.alarm = null
    else if (what === 'delete') alarmOf(actor).delete()
    else alarmOf(actor).set(clock.now() + ms)
  }
  clock.advance(1000)
  isCalm = true
  for (const actor of actors) alarmOf(actor)
  clock.advance(1000) // retries of what failed before
  const standing = actors.map(({ store, handled }) => ({ store, handled }))
  clock.advance(HOUR)
  for (const { key, store } of actors) {
    if (store !== null || manager.get(key) !== null) faults.add(`${key}: an alarm was lost`)
  }
  for (const { store, handled } of standing) {
    if (store !== null && !handled.some((time) => time >= store)) faults.add('an alarm was never handled')
  }
  return [...faults]
}
