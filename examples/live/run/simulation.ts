import { virtualClock } from 'nolater/marbles'
import { random, seedOf } from '../../fleet/random.ts'
import { CONTENDERS, type Contender } from './contenders.ts'
import { type Fleet, openFleet } from './fleet.ts'
import { fateOf } from './network.ts'
import { type ACTORS, type Action, LONGEST, type Plan, RANGES, STEP, type Weather } from './plan.ts'
import { type Ask, stormOf } from './storm.ts'

/** A plan while it is run. */
export interface Simulation {
  readonly now: number
  /** nothing is going to happen by itself any more */
  readonly isOver: boolean
  readonly weather: Weather
  readonly fleets: Readonly<Record<Contender['id'], Fleet>>
  /** what was asked, of all actors */
  readonly asks: readonly Ask[]
  /** Lets time pass. What is due at the end has happened by then. */
  advanceTo(time: number): Promise<void>
  /** Does something now. What the plan has for later is forgotten: who acts in the past changes the future. */
  act(action: Action): Promise<void>
}

// The longest way from one answer to the next call in a promise chain is a dozen turns.
const TURNS = 32

/** Runs a plan from its beginning; the same plan is the same run. */
export async function simulate({ seed, actions }: Plan): Promise<Simulation> {
  const clock = virtualClock()
  const weather = { latency: RANGES.latency.first, loss: RANGES.loss.first, failure: RANGES.failure.first }
  const fate = (actor: string) => fateOf(seed, actor, clock.now(), weather)
  const fleets = Object.fromEntries(
    CONTENDERS.map((contender) => [contender.id, openFleet(contender, clock, fate)]),
  ) as Record<Contender['id'], Fleet>
  const asks: Ask[] = []
  let planned = actions
  let done = 0

  function ask(asked: Ask): void {
    asks.push(asked)
    for (const { actors } of Object.values(fleets)) actors[asked.actor].ask(asked.time)
  }

  function crash(key: (typeof ACTORS)[number]): void {
    const chance = random(seedOf(seed, 'crash', key, clock.now()))()
    for (const { actors } of Object.values(fleets)) actors[key].crash(chance)
  }

  async function perform(action: Action): Promise<void> {
    switch (action.kind) {
      case 'ask':
        ask({ at: clock.now(), actor: action.actor, time: action.time })
        break
      case 'crash':
        crash(action.actor)
        break
      case 'storm':
        for (const each of stormOf(seed, clock.now(), weather.latency)) {
          clock.schedule(() => ask(each), each.at - clock.now())
        }
        break
      case 'weather':
        weather[action.what] = action.value
    }
    await promises()
  }

  async function actDue(): Promise<void> {
    for (; planned[done] !== undefined && planned[done]!.at <= clock.now(); done++)
      await perform(planned[done]!)
  }

  await promises()
  await actDue()
  return {
    get now() {
      return clock.now()
    },
    get isOver() {
      return clock.now() === LONGEST || (clock.pending === 0 && done === planned.length)
    },
    weather,
    fleets,
    asks,
    async advanceTo(time) {
      while (clock.now() + STEP <= Math.min(time, LONGEST)) {
        clock.advance(STEP)
        await promises()
        await actDue()
      }
    },
    act(action) {
      planned = planned.slice(0, done)
      return perform(action)
    },
  }
}

async function promises(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await null
}
