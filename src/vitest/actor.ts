import { type Alarm, type AlarmConfig, AlarmError, keepAlarm } from '../index.ts'
import { MarblesError, type MarblesRun, runMarbles } from '../marbles/index.ts'
import type { Play } from './acts.ts'
import { virtually } from './virtual-only.ts'

/** What a test opens: an alarm, or your own actor with its alarm. */
export type ActorUnderTest = Alarm | { readonly alarm: Alarm }

/** Opens an actor on the store, the manager and the clock that the diagram plays. */
export type OpenActor = (config: AlarmConfig) => ActorUnderTest

/** Runs a scenario with an actor of the user's; throws what it throws. */
export function runActor(open: OpenActor, { scenario, acts }: Play): MarblesRun {
  const thrown: unknown[] = []
  const openAlarm = (config: AlarmConfig): Alarm => asAlarm(open(config), acts, thrown)
  const run = virtually(() => runMarbles(scenario, { engine: { openAlarm, keepAlarm } }))
  if (thrown.length > 0) throw thrown[0]
  return run
}

/** The actor as the diagram moves it. */
function asAlarm(actor: ActorUnderTest, acts: Play['acts'], thrown: unknown[]): Alarm {
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
      if (!(error instanceof AlarmError)) thrown.push(error)
      throw error
    }
  }
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
    deliver: (wakeup, handler) => alarm.deliver(wakeup, handler),
    abandon: (scheduledTime) => alarm.abandon(scheduledTime),
    close: () => alarm.close(),
  }
}

function methodOf(actor: object, name: string): (this: object) => unknown {
  const method = (actor as Record<string, unknown>)[name]
  if (typeof method === 'function') return method as () => unknown
  throw new MarblesError(
    'MARBLES_INVALID',
    `Expected the actor to have a method ${name}, which a letter of the diagram stands for; it has ${methodsOf(actor).join(', ')}.`,
  )
}

function methodsOf(actor: object): string[] {
  const names: string[] = []
  for (let owner = actor; owner !== null && owner !== Object.prototype; owner = Object.getPrototypeOf(owner))
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner)))
      if (typeof value === 'function' && name !== 'constructor') names.push(name)
  return names
}
