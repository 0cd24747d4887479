import { defer, EMPTY, NEVER, Observable, type ObservableInput, ReplaySubject, timer } from 'rxjs'
import type { VirtualClock } from '../../src/marbles/index.ts'
import { type Fate, readFate } from './fate.ts'
import type { Judge } from './judge.ts'
import { modes, shapes } from './misbehaviour.ts'

type Kind = 'write' | 'commit' | 'load'

/** What a call is about: an actor, and the incarnation of it that makes the call. */
export interface Subject {
  readonly key: string
  readonly incarnation: string
  /** its client will not be answered any more: what was to land has landed, unless it lands late */
  settled?(): void
}

/** A client of the network; what is dead sends nothing, and gets no answer. */
export interface Client {
  readonly name: string
  isAlive: boolean
}

interface Request {
  readonly client: Client
  readonly kind: Kind
  /** several for a batch */
  readonly about: readonly Subject[]
  /** its failure breaks the alarm */
  readonly isVital: boolean
  /** does at the other end what was asked for */
  reach(): ObservableInput<unknown>
}

/** Between the actors and their stores and managers. */
export interface Network {
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
  readonly judge: Judge
  usual(kind: Kind): string
  /** what user code has thrown on purpose */
  thrown(value: unknown): void
}

export function openNetwork(options: NetworkOptions): Network {
  const { clock, judge, usual, thrown } = options
  const expected = new Map<string, string[]>()
  const unanswered = new Set<() => void>()
  let isCalm = false
  let calls = 0

  function fateOf({ kind, about }: Request): Fate {
    if (isCalm) return readFate('sync')
    for (const { key } of about) {
      const next = expected.get(`${key}.${kind}`)?.shift()
      if (next !== undefined) return readFate(next)
    }
    return readFate(usual(kind))
  }

  /** What is returned ends the flight for its client. */
  function takeOff({ kind, about }: Request): () => void {
    if (kind === 'load') return () => {}
    const ends = about.map(({ key, incarnation }) => judge.takesOff(kind, key, incarnation))
    return () => {
      for (const end of ends) end()
    }
  }

  function send(request: Request): ObservableInput<unknown> {
    const { client, kind, about } = request
    if (!client.isAlive) return NEVER
    if (++calls > MOST) {
      judge.fault(`it spins: more than ${MOST} calls in one step (${kind})`)
      return NEVER
    }
    const end = takeOff(request)
    judge.look()
    const fate = fateOf(request)
    const landed = (): void => {
      end()
      for (const { settled } of about) settled?.()
      judge.look()
    }
    if (fate.odd !== null) return misbehave(fate.odd, request, landed)
    return fate.promised ? promised(request, landed) : answered(fate, request, end, landed)
  }

  /** Does what was asked for now, and says what came of it, also when nothing waits for that any more. */
  function reach(request: Request): ReplaySubject<unknown> {
    const result$ = new ReplaySubject<unknown>()
    defer(() => request.reach()).subscribe(result$)
    result$.subscribe({ error: () => judge.look(), complete: () => judge.look() })
    return result$
  }

  function answered(fate: Fate, request: Request, end: () => void, landed: () => void): Observable<unknown> {
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
      const [one, ...others] = request.about
      const isFenced = (error as { code?: unknown } | undefined)?.code === 'ALARM_FENCED' // the store may be able to raise its epoch
      if (error !== undefined && !isFenced && request.isVital && others.length === 0)
        judge.broke(one!.key, one!.incarnation)
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
        end()
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
