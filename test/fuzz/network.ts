import { defer, EMPTY, NEVER, Observable, type ObservableInput, ReplaySubject, timer } from 'rxjs'
import type { VirtualClock } from '../../src/marbles/index.ts'
import { type Fate, readFate } from './fate.ts'
import { modes, shapes } from './misbehaviour.ts'

export type Kind = 'write' | 'commit' | 'load' | 'writeMany' | 'commitMany'

/** A call that has not ended for its client. */
export interface Flight {
  readonly kind: Kind
  readonly keys: readonly string[]
  /** the incarnation of the actor that made it */
  readonly of: string
  readonly since: number
}

/** A client of the network; what is dead sends nothing, and gets no answer. */
export interface Client {
  readonly name: string
  isAlive: boolean
}

export interface Request {
  readonly client: Client
  readonly kind: Kind
  readonly keys: readonly string[]
  readonly of: string
  /** does at the other end what was asked for */
  reach(): ObservableInput<unknown>
  /** the client will not be answered any more, and it was not applied: or what was, was */
  settled?(): void
}

/** Between the actors and their stores and managers. */
export interface Network {
  readonly flights: ReadonlySet<Flight>
  /** what the next call of this kind for this key meets */
  expect(key: string, kind: Kind, fate: string): void
  send(request: Request): ObservableInput<unknown>
  /** From now on all goes well; what was not answered is, or never will be. */
  calm(answersAll: boolean): void
  /** A step of the programme begins: its calls are counted. */
  begin(): void
}

const MOST = 400 // calls of one step: more is a spin

export interface NetworkOptions {
  readonly clock: VirtualClock
  /** ms that no step of the wall clock changes */
  elapsed(): number
  usual(kind: Kind): string
  fault(what: string): void
  /** something at the other end may have changed */
  changed(): void
  /** what user code has thrown on purpose */
  thrown(value: unknown): void
}

export function openNetwork(options: NetworkOptions): Network {
  const { clock, elapsed, usual, fault, changed, thrown } = options
  const expected = new Map<string, string[]>()
  const flights = new Set<Flight>()
  const unanswered = new Set<() => void>()
  let isCalm = false
  let calls = 0

  function fateOf(kind: Kind, keys: readonly string[]): Fate {
    if (isCalm) return readFate('sync')
    for (const key of keys) {
      const next = expected.get(`${key}.${kind}`)?.shift()
      if (next !== undefined) return readFate(next)
    }
    return readFate(usual(kind))
  }

  function take(flight: Flight): void {
    const limit = flight.kind === 'load' ? Infinity : 1
    for (const key of flight.keys) {
      const same = [...flights].filter(
        ({ kind, keys, of }) => kind === flight.kind && of === flight.of && keys.includes(key),
      )
      if (same.length >= limit) fault(`at most one ${flight.kind} in flight (${key})`)
    }
    flights.add(flight)
  }

  function send(request: Request): ObservableInput<unknown> {
    const { client, kind, keys, of } = request
    if (!client.isAlive) return NEVER
    if (++calls > MOST) {
      fault(`it spins: more than ${MOST} calls in one step (${kind})`)
      return NEVER
    }
    const flight: Flight = { kind, keys, of, since: elapsed() }
    take(flight)
    changed()
    const fate = fateOf(kind, keys)
    const landed = (): void => {
      flights.delete(flight)
      request.settled?.()
      changed()
    }
    if (fate.odd !== null) return misbehave(fate.odd, request, landed)
    return fate.promised ? promised(request, landed) : answered(fate, request, flight, landed)
  }

  /** Does what was asked for now, and says what came of it, also when nothing waits for that any more. */
  function reach(request: Request): ReplaySubject<unknown> {
    const result$ = new ReplaySubject<unknown>()
    defer(() => request.reach()).subscribe(result$)
    result$.subscribe({ error: changed, complete: changed })
    return result$
  }

  function answered(fate: Fate, request: Request, flight: Flight, landed: () => void): Observable<unknown> {
    const answer$ = new ReplaySubject<unknown>()
    answer$.subscribe({ error: () => {} }) // a client that has gone misses nothing
    let isAnswered = false
    const answer = (error: unknown, values: readonly unknown[]): void => {
      isAnswered = true
      landed()
      if (!request.client.isAlive) return
      for (const value of values) answer$.next(value)
      if (error === undefined) answer$.complete()
      else answer$.error(error)
    }
    const failed = (): void => {
      answer(new Error('the network failed'), [])
      if (fate.lands !== null) in_(fate.lands, () => reach(request))
    }
    const arrive = (): void => {
      if (!fate.isApplied) {
        if (fate.answer === 'never' && !isCalm) unanswered.add(arriveLate)
        else failed()
        return
      }
      const values: unknown[] = []
      reach(request).subscribe({
        next: (value) => values.push(value),
        error: (error) => in_(fate.after, () => answer(error, [])),
        complete() {
          if (fate.answer === 'never' && !isCalm) unanswered.add(() => answer(undefined, values))
          else in_(fate.after, () => (fate.answer === 'failed' ? failed() : answer(undefined, values)))
        },
      })
    }
    const arriveLate = (): void => answer(new Error('the network failed'), [])
    in_(fate.before, arrive)
    if (isAnswered && !answer$.hasError) {
      let count = 0
      answer$.subscribe(() => count++)
      if (count === 0) return EMPTY
    }
    return new Observable((subscriber) => {
      const heard = answer$.subscribe(subscriber)
      // A client that has given up has no call in flight, even if it lands.
      return () => {
        flights.delete(flight)
        heard.unsubscribe()
      }
    })
  }

  async function promised(request: Request, landed: () => void): Promise<unknown> {
    await null
    let last: unknown
    try {
      await new Promise<void>((resolve, reject) => {
        reach(request).subscribe({
          next(value) {
            last = value
          },
          error: reject,
          complete: resolve,
        })
      })
    } finally {
      landed()
    }
    if (!request.client.isAlive) await new Promise(() => {})
    return last
  }

  function misbehave(
    odd: NonNullable<Fate['odd']>,
    request: Request,
    landed: () => void,
  ): ObservableInput<unknown> {
    const shape = shapes[odd.shape]!
    landed() // how long such a call is in flight cannot be seen from here
    return modes[odd.mode]!(
      () => {
        const value = shape()
        thrown(value)
        return value
      },
      () => reach(request),
      clock,
    )
  }

  function in_(ms: number | null, work: () => void): void {
    if (ms === null || isCalm) work()
    else timer(ms, clock).subscribe(work)
  }

  return {
    flights,
    expect(key, kind, fate) {
      readFate(fate)
      const name = `${key}.${kind}`
      expected.set(name, [...(expected.get(name) ?? []), fate])
    },
    send,
    calm(answersAll) {
      isCalm = true
      expected.clear()
      if (!answersAll) return
      for (const answer of unanswered) answer()
      unanswered.clear()
    },
    begin() {
      calls = 0
    },
  }
}
