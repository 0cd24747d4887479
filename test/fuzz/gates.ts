import { Subject, tap } from 'rxjs'
import type { Alarm } from '../../src/index.ts'
import type { Process } from './process.ts'
import type { World } from './world.ts'

interface Owner {
  readonly world: World
  process(): Process
  alarm(key: string): Alarm
  /** the newest state beside the alarm */
  version(key: string): number
  /** all that waits, and has not been answered */
  readonly waiting: Set<string>
  /** All that was asked of the actor is lost. */
  lost(key: string): void
}

/** Values that wait for the state that they tell of, one stream for each actor of a process. */
export interface Gates {
  /** The next change of the state is to be durable before a value leaves, from the call of what is returned on, unless it is lost in between. */
  gated(key: string, isGated: boolean): () => void
  /** `then` is asked for when the value leaves */
  send(key: string, then?: string): void
  /** The state that must be durable before the next value leaves. */
  needs(key: string): number
  /** The alarm broke, and so did what waited at its gate. */
  forget(key: string): void
}

interface Sent {
  readonly needs: number
  readonly then: string | undefined
}

export function openGates({ world, process, alarm, version, waiting, lost }: Owner): Gates {
  const { judge } = world
  const outlets = new Map<string, Subject<number>>()
  const needs = new Map<string, number>()
  const sent = new Map<number, Sent>()
  let numbers = 0

  const idOf = (number: number, key: string): string =>
    `value ${number} of ${key} at the gate of ${process().name}`

  function outlet(key: string): Subject<number> {
    const known = outlets.get(key)
    if (known !== undefined) return known
    const values$ = new Subject<number>()
    outlets.set(key, values$)
    const mine = new Set<string>()
    const ended = (): void => {
      for (const id of mine) waiting.delete(id)
      needs.delete(key)
      lost(key)
      if (outlets.get(key) === values$) outlets.delete(key)
    }
    values$
      .pipe(
        tap((number) => {
          mine.add(idOf(number, key))
          waiting.add(idOf(number, key))
        }),
        alarm(key).holdUntilConfirmed(),
      )
      .subscribe({
        next(number) {
          if (!process().isAlive) return
          mine.delete(idOf(number, key))
          waiting.delete(idOf(number, key))
          left(key, number)
        },
        error: ended,
        complete: ended,
      })
    return values$
  }

  function left(key: string, number: number): void {
    const value = sent.get(number)
    sent.delete(number)
    if (value === undefined) {
      judge.fault(`a value left the gate of ${key} twice`)
      return
    }
    if (!world.store.holds(key, { by: process().name, number: value.needs }))
      judge.fault(`a value of ${key} left the gate, and the state that it tells of is in no commit`)
    if (value.then !== undefined) world.ask(process(), key, value.then)
  }

  const needsOf = (key: string): number => needs.get(key) ?? 0

  return {
    needs: needsOf,
    gated(key, isGated) {
      const open = outlet(key) // which ends when the alarm breaks: what was asked is lost then
      const next = version(key) + 1 // what leaves in the course of the call may ask for more
      return () => {
        if (isGated && outlet(key) === open) needs.set(key, Math.max(needsOf(key), next))
      }
    },
    send(key, then) {
      const values$ = outlet(key)
      const number = ++numbers
      sent.set(number, { needs: needsOf(key), then })
      values$.next(number)
    },
    forget(key) {
      needs.delete(key)
      outlets.delete(key)
    },
  }
}
