import type { ObservableInput, SchedulerLike } from 'rxjs'
import { type Alarm, type AlarmConfig, AlarmError, keepAlarm, type Wakeup } from '../index.ts'
import { MarblesError, type MarblesRun, runMarbles, type Scenario } from '../marbles/index.ts'
import { earlyWakes, isOnTheClock } from '../marbles/scenario/early-wakes.ts'
import type { Play } from './acts.ts'
import { methodOf } from './method-of.ts'
import { type DeliversItself, ownDelivery } from './own-delivery.ts'
import { virtually } from './virtual-only.ts'

/**
 * What a test opens: an alarm, or your own actor with its alarm.
 *
 * An actor with a `deliver` of its own, as it is given to `manager.deliveries`, is woken through that, so that its own handler runs; only
 * in a diagram with a `handler` lane the script there runs in its place. What the handler sets is seen in `commit` and `write`, and how
 * the delivery ends in `wake`. It must not wait for a promise, which is never virtual.
 */
export type ActorUnderTest =
  | Alarm
  | { readonly alarm: Alarm; deliver?(wakeup: Wakeup): ObservableInput<unknown> }

/** What an actor is opened on: the store, the manager and the clock that the diagram plays. */
export type ConfigUnderTest = AlarmConfig & { readonly scheduler: SchedulerLike }

/** Opens an actor. */
export type OpenActor = (config: ConfigUnderTest) => ActorUnderTest

/** What a scenario is for. */
export function asOpenActor(subject: unknown): OpenActor {
  if (typeof subject === 'function') return subject as OpenActor
  throw new MarblesError(
    'MARBLES_INVALID',
    'Expected a function that opens an actor, for a diagram of lanes; given an Observable. ' +
      'What an Observable does is a diagram of one line, without a name.',
  )
}

/** What the lanes cannot show of an actor. */
interface Aside {
  /** by its methods */
  readonly thrown: unknown[]
  /** by its deliveries */
  readonly failed: string[]
  deliversItself: boolean
}

/** Runs a scenario with an actor of the user's; throws what it throws. */
export function runActor(open: OpenActor, { scenario, acts }: Play): MarblesRun {
  const aside: Aside = { thrown: [], failed: [], deliversItself: false }
  const openAlarm = (config: AlarmConfig): Alarm => {
    const actor = open(config as ConfigUnderTest)
    return asAlarm(actor, acts, aside, deliversItself(actor, scenario))
  }
  const run = virtually('actor', () => runMarbles(scenario, { engine: { openAlarm, keepAlarm } }))
  if (aside.thrown.length > 0) throw aside.thrown[0]
  return { ...run, faults: [...run.faults, ...moreFaults(scenario, acts, aside)] }
}

function moreFaults(scenario: Scenario, acts: Play['acts'], { failed, deliversItself }: Aside): string[] {
  // What an actor does of its own it does by the clock, so that even columns of 1 ms are the clock's.
  const isByTheClock = (acts.size > 0 || deliversItself) && !isOnTheClock(scenario)
  const wakes = scenario.lanes.filter(({ name }) => name === 'wake').flatMap(({ spans }) => spans.flat())
  const isExpected = wakes.some(({ marks }) => /[#%]/.test(marks))
  return [...(isByTheClock ? earlyWakes(scenario) : []), ...(isExpected ? [] : failed)]
}

/** `null` where it has no handler of its own, or a lane plays it. */
function deliversItself(actor: ActorUnderTest, { lanes }: Scenario): DeliversItself | null {
  const isScripted = lanes.some(({ name }) => name === 'handler')
  const isOwn = typeof actor === 'object' && 'alarm' in actor && typeof actor.deliver === 'function'
  return isOwn && !isScripted ? (actor as DeliversItself) : null
}

/** The actor as the diagram moves it. */
function asAlarm(actor: ActorUnderTest, acts: Play['acts'], aside: Aside, own: DeliversItself | null): Alarm {
  const alarm = typeof actor === 'object' && 'alarm' in actor ? actor.alarm : actor
  if (typeof alarm?.drained !== 'function')
    throw new MarblesError(
      'MARBLES_INVALID',
      'Expected the function to return what openAlarm(config) returns, or an object that has it as its alarm.',
    )
  for (const name of acts.values()) methodOf(actor, name)

  const perform = (name: string): void => {
    try {
      methodOf(actor, name).call(actor)
    } catch (error) {
      // A diagram has a lane for what a broken alarm refuses; any other error is the actor's own.
      if (!(error instanceof AlarmError)) aside.thrown.push(error)
      throw error
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
      if (act === undefined) alarm.set(time, options)
      else perform(act)
    },
    delete: (options) => alarm.delete(options),
    touch: (options) => alarm.touch(options),
    confirmed: () => alarm.confirmed(),
    drained: () => alarm.drained(),
    holdUntilConfirmed: () => alarm.holdUntilConfirmed(),
    deliver: (wakeup, script) =>
      own === null ? alarm.deliver(wakeup, script) : ownDelivery(own, wakeup, aside.failed),
    abandon: (scheduledTime) => alarm.abandon(scheduledTime),
    close: () => alarm.close(),
  }
}
