import { describe, expect, it } from 'vitest'
import { CONTENDERS } from '../../examples/live/run/contenders.ts'
import { fateOf } from '../../examples/live/run/network.ts'
import {
  ACTORS,
  type Action,
  firstPlan,
  type Plan,
  RANGES,
  STEP,
  type Weather,
  withAction,
} from '../../examples/live/run/plan.ts'
import { scoreOf } from '../../examples/live/run/score.ts'
import { type Simulation, simulate } from '../../examples/live/run/simulation.ts'

/** All that is known of a run. */
const storyOf = ({ now, asks, fleets }: Simulation) => ({
  now,
  asks: [...asks],
  actors: CONTENDERS.flatMap(({ id }) =>
    ACTORS.map((name) => {
      const { timeline, writes, judge } = fleets[id].actors[name]
      const { store, manager, divergences, missed, late, lost } = judge
      return structuredClone({ timeline, writes, store, manager, divergences, missed, late, lost })
    }),
  ),
})

const rough: Plan = {
  seed: 3,
  actions: [
    { at: 0, kind: 'weather', what: 'loss', value: 20 },
    { at: 0, kind: 'weather', what: 'failure', value: 20 },
    { at: 300, kind: 'storm' },
    { at: 2_500, kind: 'crash', actor: 'cart' },
    { at: 4_000, kind: 'crash', actor: 'room' },
    { at: 4_000, kind: 'weather', what: 'latency', value: 900 },
    { at: 6_000, kind: 'storm' },
  ],
}

async function run(plan: Plan, time: number): Promise<Simulation> {
  const simulation = await simulate(plan)
  await simulation.advanceTo(time)
  return simulation
}

describe('a run', () => {
  it('is the same however it is cut into frames', async () => {
    const atOnce = await run(rough, 12_000)
    const inFrames = await simulate(rough)
    for (let frame = 1; inFrames.now < 12_000; frame++) {
      await inFrames.advanceTo(Math.min(12_000, frame * 16.7))
      await new Promise((resolve) => setImmediate(resolve)) // every promise has run by now
    }
    expect(storyOf(inFrames)).toEqual(storyOf(atOnce))
    expect(atOnce.asks.length).toBeGreaterThan(50)
  })

  it('that somebody acts in is the run of the plan with these actions', async () => {
    const live = await simulate(firstPlan)
    let plan = firstPlan
    const acts: readonly (readonly [number, Action[]])[] = [
      [700, [{ at: 700, kind: 'ask', actor: 'cart', time: 4_000 }]],
      [
        1_500,
        [
          { at: 1_500, kind: 'ask', actor: 'cart', time: null },
          { at: 1_500, kind: 'crash', actor: 'cart' },
          { at: 1_500, kind: 'weather', what: 'latency', value: 1_200 },
        ],
      ],
    ]
    for (const [at, actions] of acts) {
      await live.advanceTo(at)
      for (const action of actions) {
        plan = withAction(plan, action)
        await live.act(action)
      }
    }
    await live.advanceTo(8_000)
    expect(storyOf(live)).toEqual(storyOf(await run(plan, 8_000)))
  })

  it('is changed by who acts in its past: what was planned for later does not happen', async () => {
    const simulation = await run(rough, 2_000)
    await simulation.act({ at: 2_000, kind: 'ask', actor: 'game', time: 9_000 })
    await simulation.advanceTo(12_000)
    const plan = withAction(rough, { at: 2_000, kind: 'ask', actor: 'game', time: 9_000 })
    expect(plan.actions).toHaveLength(4)
    expect(storyOf(simulation)).toEqual(storyOf(await run(plan, 12_000)))
  })

  it('has an end', async () => {
    expect((await run({ seed: 1, actions: [] }, 200_000)).now).toBe(180_000)
  })
})

describe('what a visitor sees first', () => {
  it('parts both rivals from their stores in the first seconds, and costs them alarms; not nolater', async () => {
    const { fleets } = await run(firstPlan, 15_000)
    for (const id of ['switch-map', 'parked-chain'] as const) {
      const { first, late, lost } = scoreOf(fleets[id])
      expect(first!.from).toBeLessThan(5_000)
      expect(fleets[id].actors.cart.judge.divergences[0]!.from).toBeLessThan(5_000)
      expect(late + lost).toBeGreaterThan(0)
    }
    expect(scoreOf(fleets.nolater)).toMatchObject({ first: null, late: 0, lost: 0 })
  })

  it('is over when nothing is going to happen any more, and not before', async () => {
    const simulation = await simulate(firstPlan)
    expect(simulation.isOver).toBe(false) // the storm is planned
    while (!simulation.isOver) await simulation.advanceTo(simulation.now + STEP)
    const over = storyOf(simulation)
    expect(over.now).toBeLessThan(25_000)
    await simulation.advanceTo(over.now - STEP + 30_000)
    expect({ ...storyOf(simulation), now: over.now }).toEqual(over)
    await simulation.act({ at: simulation.now, kind: 'ask', actor: 'cart', time: simulation.now + 1_000 })
    expect(simulation.isOver).toBe(false)
  })

  it('ends with everybody at rest, all alarms handled', async () => {
    const { fleets } = await run(firstPlan, 40_000)
    for (const actor of Object.values(fleets.nolater.actors)) {
      expect(actor.judge.store.at(-1)!.time).toBe(null)
      expect(actor.judge.manager.at(-1)!.time).toBe(null)
      expect(actor.timeline.events.slice(-2).map(({ kind }) => kind)).toEqual(['drained', 'delivery-done'])
    }
  })
})

describe('trouble', () => {
  it('never makes nolater late, whatever the sliders and the crashes', async () => {
    let rivals = 0
    for (let seed = 1; seed <= 30; seed++) {
      const actions: Action[] = [
        { at: 0, kind: 'weather', what: 'latency', value: 50 * (1 + (seed % 30)) },
        { at: 0, kind: 'weather', what: 'loss', value: (seed * 7) % 40 },
        { at: 0, kind: 'weather', what: 'failure', value: (seed * 11) % 40 },
        { at: 300, kind: 'storm' },
        { at: 1_000 + 130 * seed, kind: 'crash', actor: 'cart' },
        { at: 1_700 + 130 * seed, kind: 'crash', actor: 'cart' },
        { at: 2_000 + 170 * seed, kind: 'crash', actor: 'game' },
      ]
      const { fleets } = await run({ seed, actions }, 25_000)
      expect([seed, scoreOf(fleets.nolater)]).toMatchObject([seed, { first: null, late: 0, lost: 0 }])
      for (const id of ['switch-map', 'parked-chain'] as const) {
        const { late, lost } = scoreOf(fleets[id])
        rivals += late + lost
      }
    }
    expect(rivals).toBeGreaterThan(20)
  })

  it('shows at the ends of all sliders: both rivals part from their stores before the storm is over', async () => {
    const ends = (Object.keys(RANGES) as (keyof Weather)[]).map(
      (what) => ({ at: 0, kind: 'weather', what, value: RANGES[what].max }) as const,
    )
    for (const seed of [firstPlan.seed, 1, 2, 3, 4, 5]) {
      const { fleets } = await run({ seed, actions: [...ends, { at: 300, kind: 'storm' }] }, 15_000)
      for (const id of ['switch-map', 'parked-chain'] as const) {
        expect([seed, id, scoreOf(fleets[id]).first]).toEqual([seed, id, expect.anything()])
      }
      expect([seed, scoreOf(fleets.nolater)]).toMatchObject([seed, { first: null, late: 0, lost: 0 }])
    }
  })

  it('is the same for all who send at one moment, and for nobody else', () => {
    const weather = { latency: 400, loss: 20, failure: 20 }
    expect(fateOf(1, 'cart', 500, weather)).toEqual(fateOf(1, 'cart', 500, weather))
    const fates = Array.from({ length: 2_000 }, (_, i) => fateOf(1, 'cart', i * 10, weather))
    const share = (answer: string) => fates.filter((fate) => fate.answer === answer).length / fates.length
    expect(share('timed out')).toBeCloseTo(0.2, 1)
    expect(share('refused')).toBeCloseTo(0.2 * 0.8, 1)
    const refused = fates.filter(({ answer }) => answer === 'refused')
    expect(refused.every(({ appliedAfter }) => appliedAfter === null)).toBe(true)
  })

  it('of a crash is drawn, and survived: the epoch rises, and what was not durable is asked again', async () => {
    const plan: Plan = {
      seed: 1,
      actions: [
        { at: 1_000, kind: 'ask', actor: 'cart', time: 5_000 },
        { at: 1_050, kind: 'crash', actor: 'cart' },
      ],
    }
    const { fleets } = await run(plan, 4_000)
    for (const { id } of CONTENDERS) {
      const { timeline, judge } = fleets[id].actors.cart
      expect(timeline.events).toContainEqual({
        at: 1_050,
        key: 'cart',
        kind: 'errored',
        error: { message: 'the process crashed' },
      })
      expect(judge.store.at(-1)).toMatchObject({ time: 5_000 })
    }
    const writes = fleets.nolater.actors.cart.timeline.events.filter((event) => event.kind === 'write-issued')
    expect(writes.at(-1)!.fence - writes[0]!.fence).toBeGreaterThan(2 ** 21)
  })
})
