import { type Alarm, AlarmFencedError, type AlarmTime, openAlarm } from 'nolater'
import { defer, EMPTY, map, type Observable, Subject } from 'rxjs'
import { SEQUENCES as EPOCH } from '../../src/vocabulary/fence.ts'
import { isNoLater } from '../world/judge.ts'
import { readRecord } from './explorer/record.ts'

/** Two incarnations of one actor, on a store that may be older than its manager. What is false in here is a fault put in on purpose. */
export interface RaiseOptions {
  readonly openAlarm?: typeof openAlarm
  /** of the store in the beginning, which was restored or deleted */
  readonly store: { readonly epoch: number; readonly time: AlarmTime }
  /** the epoch of the fence that the manager holds */
  readonly held: number
  /** alarms that each owner sets; default 1 */
  readonly sets?: 1 | 2 | undefined
  /** how often the manager may deliver what it holds, or give it up, to any owner; default 0. It is no later than the store in the beginning then */
  readonly asked?: number
  /** a raise asks, in the store's transaction, whether its opening is the last one */
  readonly asksStore?: boolean
}

interface Call {
  readonly what: 'write' | 'raise' | 'commit'
  readonly value: AlarmTime
  readonly fence: number
  readonly answer: Subject<number>
  /** what the other side has made of it, once it has come there */
  outcome: null | 'ok' | AlarmFencedError
}

interface Owner {
  readonly epoch: number
  readonly alarm: Alarm
  /** in the order in which they were made: one write or raise, and one commit, at a time */
  readonly calls: Call[]
  asks: number
  /** by the manager, about this alarm; until it may be answered */
  asked: AlarmTime
  /** the manager has taken a write of its */
  wins: boolean
  failure: unknown
}

const times = [3, 6] // what an owner sets, one after the other
const owners = 2

/** Every order of what two owners do and of what comes of it, on real engines; each state once. */
export function exploreRaises(options: RaiseOptions): { states: number; fault: string | null } {
  const seen = new Set<string>()
  const ways: string[][] = [[]]
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const world = openWorld(options)
    for (const move of way) world.take(move)
    const { key, moves, fault } = world.look()
    if (fault !== null) return { states: seen.size, fault: `${fault}: ${way.join(' ')}` }
    if (seen.has(key)) continue
    seen.add(key)
    for (const move of moves) ways.push([...way, move])
  }
  return { states: seen.size, fault: null }
}

function openWorld({
  store: before,
  held,
  sets = 1,
  asked = 0,
  asksStore = true,
  openAlarm: open = openAlarm,
}: RaiseOptions) {
  const store = { ...before, raised: 0 }
  const manager = { time: 5 as AlarmTime, fence: held * EPOCH + 3 }
  const opened: Owner[] = []
  let fault: string | null = null
  let soFar = 0

  function openOwner(): void {
    store.epoch = Math.max(store.epoch, store.raised) + 1
    store.raised = 0
    const calls: Call[] = []
    const call = (what: Call['what'], value: AlarmTime, fence = 0): Subject<number> => {
      const answer = new Subject<number>()
      calls.push({ what, value, fence, answer, outcome: null })
      return answer
    }
    const owner: Owner = {
      epoch: store.epoch,
      calls,
      asks: 0,
      asked: null,
      wins: false,
      failure: null,
      alarm: open({
        key: 'a',
        epoch: store.epoch,
        initial: store.time,
        retry: { count: 0 },
        commit: (time) => call('commit', time),
        write: (time, { fence }) => call('write', time, fence),
        raise: (epoch) => call('raise', epoch),
      }),
    }
    owner.alarm.events$.subscribe({
      error: (error) => {
        owner.failure = error
      },
    })
    opened.push(owner)
  }

  /** A call comes to the store or to the manager. */
  function reach(owner: Owner, call: Call): void {
    const isLast = owner === opened.at(-1)
    if (call.what === 'write') {
      const { fence, value } = call
      call.outcome = fence < manager.fence ? new AlarmFencedError('a', fence, manager.fence) : 'ok'
      if (call.outcome !== 'ok') return
      if (!isLast && opened.at(-1)!.wins)
        fault ??= 'the manager takes a write of an older owner after one of the newest'
      Object.assign(manager, { time: value, fence })
      owner.wins = true
      return
    }
    const mayGo = isLast || (call.what === 'raise' && !asksStore)
    call.outcome = mayGo ? 'ok' : new AlarmFencedError('a', owner.epoch)
    if (mayGo && call.what === 'raise') store.raised = Math.max(store.raised, call.value!)
    if (mayGo && call.what === 'commit') store.time = call.value
  }

  function answer(owner: Owner, call: Call): void {
    owner.calls.splice(owner.calls.indexOf(call), 1)
    if (call.outcome !== 'ok') call.answer.error(call.outcome)
    if (call.what === 'raise') call.answer.next(call.value!)
    call.answer.complete()
  }

  /** The manager asks it about the alarm that it holds; the answer counts where no newer write has replaced that one. */
  function ask(owner: Owner, answer$: (time: number, fence: number) => Observable<AlarmTime>): void {
    const { time, fence } = manager
    soFar++
    owner.asked = time
    defer(() => answer$(time!, fence)).subscribe({
      next(kept) {
        owner.asked = null
        if (manager.time === time && manager.fence === fence) manager.time = kept
      },
      error: () => (owner.asked = null), // it is asked again
    })
  }

  const givenUp = ({ alarm }: Owner, time: number, fence: number): Observable<AlarmTime> => {
    const kept = alarm.abandon(time, { fence })
    return alarm.confirmed().pipe(map(() => kept))
  }

  const woken = ({ alarm }: Owner, scheduledTime: number, fence: number): Observable<AlarmTime> =>
    alarm.deliver({ scheduledTime, fence }, () => EMPTY).pipe(map(() => null))

  function take(move: string): void {
    const [who, what = ''] = move.split('.')
    const owner = opened[Number(who)]
    if (owner === undefined) openOwner()
    else if (what === 'set') owner.alarm.set(times[owner.asks++]!)
    else if (what === 'woken') ask(owner, (time, fence) => woken(owner, time, fence))
    else if (what === 'given-up') ask(owner, (time, fence) => givenUp(owner, time, fence))
    else {
      const call = owner.calls[Number(what)]!
      if (call.outcome === null) reach(owner, call)
      else answer(owner, call)
    }
  }

  function look() {
    const moves = opened.length < owners ? ['open'] : []
    for (const [who, { alarm: _, calls, asks, failure }] of opened.entries()) {
      if (failure === null && asks < sets) moves.push(`${who}.set`)
      if (failure === null && soFar < asked && manager.time !== null)
        moves.push(`${who}.woken`, `${who}.given-up`)
      // A broken owner hears no answer, and what it asked for may still arrive.
      calls.forEach(({ outcome }, i) => {
        if (failure === null || outcome === null) moves.push(`${who}.${i}`)
      })
    }
    if (asked > 0 && isLate()) fault ??= 'the manager is later than the store may be'
    if (moves.length === 0) fault ??= faultAtRest()
    const recordOf = (alarm: Alarm) => [readRecord(alarm), readRecord(alarm).print()]
    const print = ({ alarm, calls, asks, asked, wins, failure }: Owner) => [
      calls.map(({ what, value, fence, outcome }) => [what, value, fence, outcome && String(outcome)]),
      asks,
      asked,
      wins,
      failure && String(failure),
      failure === null && [...recordOf(alarm), (alarm as unknown as { raisedTo: number }).raisedTo],
    ]
    return { key: JSON.stringify([store, manager, soFar, opened.map(print)]), moves, fault }
  }

  /** A commit of the newest owner may have arrived before it is answered, or may still arrive. */
  function isLate(): boolean {
    const landing = opened.at(-1)?.calls.filter(({ what }) => what === 'commit') ?? []
    return [store.time, ...landing.map(({ value }) => value)].some((time) => !isNoLater(manager.time, time))
  }

  function faultAtRest(): string | null {
    const last = opened.at(-1)!
    if (last.failure !== null) return 'the owner is shut out'
    if (store.time !== last.alarm.time || manager.time !== store.time)
      return 'at rest the store and the manager hold the newest intent'
    return null
  }

  return { take, look }
}
