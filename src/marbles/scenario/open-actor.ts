import { Subject, Subscription } from 'rxjs'
import type { Alarm } from '../../index.ts'
import { type LaneName, laneOf } from './format.ts'
import { rival } from './rival.ts'
import type { Actor, Engine, Stage } from './stage.ts'
import { findUnheld } from './unheld-wake.ts'

/** An actor through `openAlarm`, one incarnation after the other. */
export function openActor(stage: Stage, { openAlarm }: Engine): Actor {
  const { recorder, scale, scenario, faults } = stage
  const hasGate = laneOf(scenario, 'send') !== undefined
  let alarm: Alarm | null = null
  let wasOpen = false
  let sends$ = new Subject<string>()
  let life = new Subscription()
  /** the errors that the users of this incarnation got */
  let errors: unknown[] = []

  /** `#`, or `!` for what reaches a process while it dies. */
  const markOf = (error: unknown): string => {
    if (alarm === null) return '!'
    errors.push(error)
    return '#'
  }

  const open = (): void => {
    die() // the one that broke, if one did
    alarm = openAlarm(stage.config())
    wasOpen = true
    life = new Subscription()
    life.add(
      alarm.events$.subscribe({
        next: (event) => stage.observe(event),
        error: (error) => stage.broke(error),
      }),
    )
    if (!hasGate) return
    sends$ = new Subject()
    life.add(
      sends$.pipe(alarm.holdUntilConfirmed()).subscribe({
        next: (value) => recorder.mark('sent', value),
        error: (error) => recorder.mark('sent', markOf(error)),
      }),
    )
  }

  const die = (): void => {
    const dying = alarm
    alarm = null
    if (errors.some((error) => error !== stage.broken.at(-1)))
      faults.push(`not all that waited got the error that broke the alarm: ${errors.map(String).join('; ')}`)
    errors = []
    stage.left()
    life.unsubscribe()
    dying?.close()
  }

  const orRefused = (mark: string, act: () => unknown): void => {
    const refused = (error: unknown): void => {
      if ((error as { code?: unknown }).code !== 'ALARM_WRITE_FAILED') markOf(error) // ask again: nothing is broken
      recorder.mark('refused', mark)
    }
    try {
      const asked = act()
      // An actor's method may be async.
      if (asked instanceof Promise) asked.catch(refused)
    } catch (error) {
      refused(error)
    }
  }

  const ask = (asked: Alarm, mark: string, options?: { allowUnconfirmed: true }): void => {
    const time = scale.timeOf(mark)
    orRefused(mark, () => (time === null ? asked.delete(options) : asked.set(time, options)))
  }

  const wake = (woken: Alarm, mark: string): (() => void) => {
    const scheduledTime = scale.timeOf(mark) ?? 0
    const held = stage.manager.wakeup()
    const delivered = held?.scheduledTime === scheduledTime ? held : null
    const known =
      scenario.fence === 'none' || delivered === null ? {} : { fence: delivered.fence, id: delivered.id }
    findUnheld(stage, mark)
    const answer = recorder.begin('wake', mark)
    const delivery = woken
      .deliver({ scheduledTime, ...known }, (info) => stage.handler.call(info.scheduledTime, info))
      .subscribe({
        next: ({ kind }) => answer(kind === 'ran' ? '|' : '>'),
        error: (error) => answer(alarm !== woken ? '!' : error?.counted === false ? '%' : '#'),
        complete: () => delivered && stage.manager.done(delivered),
      })
    return () => {
      answer('!')
      delivery.unsubscribe()
    }
  }

  const wait = (waited: Alarm, lane: 'confirmed' | 'drained', mark: string): (() => void) => {
    const answer = recorder.begin(lane, mark)
    const waiting = waited[lane]().subscribe({
      error: (error) => answer(markOf(error)),
      complete: () => answer('|'),
    })
    return () => {
      answer('!')
      waiting.unsubscribe()
    }
  }

  const giveUp = (given: Alarm, mark: string): void =>
    orRefused(mark, () => recorder.mark('kept', scale.markOf(given.abandon(scale.timeOf(mark) ?? 0))))

  /** What the lanes do to the one that is open. */
  const acts: Partial<Record<LaneName, (open: Alarm, mark: string) => void>> = {
    ask: (open, mark) => ask(open, mark),
    unconfirmed: (open, mark) => ask(open, mark, { allowUnconfirmed: true }),
    send: (_, mark) => sends$.next(mark),
    touch: (open, mark) => orRefused(mark, () => open.touch({ allowUnconfirmed: mark === 'u' })),
    abandon: giveUp,
  }
  const waits: Partial<Record<LaneName, (open: Alarm, mark: string) => () => void>> = {
    wake,
    confirmed: (open, mark) => wait(open, 'confirmed', mark),
    drained: (open, mark) => wait(open, 'drained', mark),
  }

  const notOpen = (): string =>
    wasOpen
      ? 'no actor is open'
      : 'no actor is open yet: a diagram with a life lane begins with ^ in column 0'

  stage.ask = (mark) => {
    if (alarm !== null) ask(alarm, mark)
  }
  return {
    act(lane, mark) {
      if (lane === 'rival') rival(stage, mark)
      else if (lane === 'life' && mark === '^') open()
      else if (lane === 'life' && mark === '!') die()
      else if (alarm !== null) {
        acts[lane]?.(alarm, mark)
        return waits[lane]?.(alarm, mark)
      } else if (lane !== 'life') faults.push(`column ${scale.columnOf()}: ${lane} ${mark}, but ${notOpen()}`)
      return undefined
    },
    reads() {
      if (alarm === null) return null
      try {
        return scale.markOf(alarm.time)
      } catch {
        return '#'
      }
    },
    isDrained() {
      if (alarm === null) return null
      let isDrained: boolean | null = false
      const look = alarm.drained().subscribe({
        next() {
          isDrained = true
        },
        error() {
          isDrained = null
        },
      })
      look.unsubscribe()
      return isDrained
    },
    end: die,
  }
}
