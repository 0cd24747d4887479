import { isObservable, type ObservableInput, type SchedulerLike } from 'rxjs'
import { type Alarm, type AlarmConfig, keepAlarm, type Wakeup } from '../index.ts'
import { MarblesError, type MarblesRun, type Scenario } from '../marbles/index.ts'
import { type PlayOptions, playMarbles, playMarblesAsync } from '../marbles/scenario/run-marbles.ts'
import { awaitable } from '../vocabulary/awaitable.ts'
import { bringing } from '../vocabulary/check-names.ts'
import type { Play } from './acts.ts'
import { methodOf } from './method-of.ts'
import { type DeliversItself, ownDelivery } from './own-delivery.ts'
import { noPromises, virtually, virtuallyAsync } from './virtual-only.ts'

/**
 * What a test opens: an alarm, or your own actor with its alarm.
 *
 * An actor with a `deliver` of its own, as it is given to `manager.deliveries`, is woken through that, so that its own handler runs; only
 * in a diagram with a `handler` lane the script there runs in its place. What the handler sets is seen in `commit` and `write`, and how
 * the delivery ends in `wake`. It may wait for promises only where the matcher does (`toMatchMarblesAsync`).
 */
export type ActorUnderTest =
  | Alarm
  | { readonly alarm: Alarm; deliver?(wakeup: Wakeup): ObservableInput<unknown> }

/**
 * What an actor is opened on: the store, the manager and the clock that the diagram plays, and what else is durable.
 *
 * The actor is opened again for each play of a diagram, and within a play after each `^` of the `life` lane. What it keeps outside of the
 * function that opens it would be left to the next play; `store` is for what a crash must not take: empty when a play begins, the same
 * for all openings of that play, new for the next one. What must be durable together with the alarm is put there in `commit`, when the
 * diagram's own `commit` has completed.
 */
export type ConfigUnderTest = AlarmConfig & {
  readonly scheduler: SchedulerLike
  /** what is durable besides the alarm */
  readonly store: Map<string, unknown>
}

/** Opens an actor; called again for each play, and for each reopening in it. */
export type OpenActor = (config: ConfigUnderTest) => ActorUnderTest

const passTheOpener = 'Pass the function that opens it, and let it return { alarm, ... }.'

/** What a scenario is for. */
export function asOpenActor(subject: unknown): OpenActor {
  if (typeof subject === 'function') return subject as OpenActor
  throw new MarblesError(
    'MARBLES_INVALID',
    `Expected a function that opens an actor, for a diagram of lanes; given ${printOf(subject)}`,
  )
}

function printOf(subject: unknown): string {
  if (isObservable(subject))
    return 'an Observable. What an Observable does is a diagram of one line, without a name.'
  const isActor =
    typeof subject === 'object' && subject !== null && ('drained' in subject || 'alarm' in subject)
  return `${isActor ? 'an actor that is open already' : subject === null ? 'null' : typeof subject}. ${passTheOpener}`
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  !isObservable(value) && typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'

/** Whether it is what a broken or closed alarm answers to everything. */
function isRefusal(error: unknown, alarm: Alarm): boolean {
  try {
    return alarm.time === undefined
  } catch (refusal) {
    return error === refusal
  }
}

/** What the lanes cannot show of an actor. */
interface Aside {
  /** whether a method may return a promise */
  readonly waits: boolean
  /** by its methods */
  readonly thrown: unknown[]
  /** by its deliveries */
  readonly failed: string[]
  deliversItself: boolean
  /** returned where nothing can wait for them */
  readonly promises: PromiseLike<unknown>[]
  /** the calls of methods whose promises have not settled yet */
  readonly unsettled: Set<{ readonly name: string }>
}

type ActorOptions = Pick<PlayOptions, 'answersAll'>

/** Runs a scenario with an actor of the user's; throws what it throws. */
export function runActor(open: OpenActor, play: Play, options: ActorOptions = {}): MarblesRun {
  const { scenario } = play
  const { aside, playOptions, judge } = stageActor(open, play, options, 'at once')
  try {
    return judge(virtually('actor', scenario.columns, () => playMarbles(scenario, playOptions)))
  } finally {
    // They settle when the run is over and the alarm closed, and nothing waits for them.
    for (const promise of aside.promises) promise.then(undefined, () => {})
  }
}

/** Likewise, and lets promises settle between all that happens. */
export async function runActorAsync(
  open: OpenActor,
  play: Play,
  options: ActorOptions = {},
): Promise<MarblesRun> {
  const { scenario } = play
  const { playOptions, judge } = stageActor(open, play, options, 'by turns')
  return judge(await virtuallyAsync('actor', scenario.columns, () => playMarblesAsync(scenario, playOptions)))
}

function stageActor(
  open: OpenActor,
  { scenario, acts }: Play,
  options: ActorOptions,
  how: 'at once' | 'by turns',
) {
  const aside: Aside = {
    waits: how === 'by turns',
    thrown: [],
    failed: [],
    deliversItself: false,
    promises: [],
    unsettled: new Set(),
  }
  const store = new Map<string, unknown>()
  const openAlarm = (config: AlarmConfig): Alarm => {
    const actor = open({ ...bringing('store'), ...config, store } as ConfigUnderTest)
    return asAlarm(actor, acts, aside, deliversItself(actor, scenario))
  }
  const playOptions: PlayOptions = {
    ...options,
    engine: { openAlarm, keepAlarm },
    // What an actor does of its own it does by the clock, so that even columns of 1 ms are the clock's.
    isByTheClock: () => acts.size > 0 || aside.deliversItself,
  }
  const judge = (run: MarblesRun): MarblesRun => {
    if (aside.thrown.length > 0) throw aside.thrown[0]
    const unsettled = [...aside.unsettled].map(
      ({ name }) =>
        `the promise of ${name}() has not settled: it waits for what does not happen in this diagram`,
    )
    return { ...run, faults: [...run.faults, ...unexpected(scenario, aside), ...unsettled] }
  }
  return { aside, playOptions, judge }
}

/** What deliveries failed of, in a diagram that has no failed one. */
function unexpected({ lanes }: Scenario, { failed }: Aside): string[] {
  const wakes = lanes.filter(({ name }) => name === 'wake').flatMap(({ spans }) => spans.flat())
  return wakes.some(({ marks }) => /[#%]/.test(marks)) ? [] : failed
}

/** `null` where it has no handler of its own, or a lane plays it. */
function deliversItself(actor: ActorUnderTest, { lanes }: Scenario): DeliversItself | null {
  const isScripted = lanes.some(({ name }) => name === 'handler')
  const isOwn = typeof actor === 'object' && 'alarm' in actor && typeof actor.deliver === 'function'
  return isOwn && !isScripted ? (actor as DeliversItself) : null
}

/** The actor as the diagram moves it. */
function asAlarm(actor: ActorUnderTest, acts: Play['acts'], aside: Aside, own: DeliversItself | null): Alarm {
  if (isThenable(actor)) {
    aside.promises.push(actor)
    throw new MarblesError(
      'MARBLES_INVALID',
      `Expected an actor, given a promise. ${noPromises} ${passTheOpener}`,
    )
  }
  const alarm = typeof actor === 'object' && 'alarm' in actor ? actor.alarm : actor
  if (typeof alarm?.drained !== 'function')
    throw new MarblesError(
      'MARBLES_INVALID',
      'Expected the function to return what openAlarm(config) returns, or an object that has it as its alarm. ' +
        passTheOpener,
    )
  for (const name of acts.values()) methodOf(actor, name)

  // A diagram has a lane for what a broken or closed alarm refuses; any other error is the actor's own.
  const failed = (error: unknown): never => {
    if (!isRefusal(error, alarm)) aside.thrown.push(error)
    throw error
  }
  const perform = (name: string): unknown => {
    try {
      const returned = methodOf(actor, name).call(actor)
      if (!isThenable(returned)) return undefined
      if (aside.waits) return settled(name, returned).catch(failed)
      aside.promises.push(returned)
      throw new MarblesError(
        'MARBLES_INVALID',
        `Expected ${name}() to do it at once; it returns a promise. ${noPromises} ` +
          'Or let the matcher wait for it: await expect(...).toMatchMarblesAsync(...).',
      )
    } catch (error) {
      return failed(error)
    }
  }
  const settled = async (name: string, promise: PromiseLike<unknown>): Promise<void> => {
    const call = { name }
    aside.unsettled.add(call)
    try {
      await promise
    } finally {
      aside.unsettled.delete(call)
    }
  }
  if (own !== null) aside.deliversItself = true
  return {
    get time() {
      return alarm.time
    },
    events$: alarm.events$,
    set(time, options) {
      const act = acts.get(Number(time))
      // The diagram waits for what comes back; see `orRefused`.
      return (act === undefined ? alarm.set(time, options) : perform(act)) as undefined
    },
    setIn: (ms, options) => alarm.setIn(ms, options),
    delete: (options) => alarm.delete(options),
    touch: (options) => alarm.touch(options),
    confirmed: () => alarm.confirmed(),
    drained: () => alarm.drained(),
    holdUntilConfirmed: () => alarm.holdUntilConfirmed(),
    deliver: (wakeup, script) =>
      own === null ? alarm.deliver(wakeup, script) : awaitable(ownDelivery(own, wakeup, aside.failed)),
    abandon: (scheduledTime) => alarm.abandon(scheduledTime),
    close: () => alarm.close(),
  }
}
