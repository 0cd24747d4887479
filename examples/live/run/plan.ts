import type { AlarmTime } from 'nolater'

/** The fleet: a few actors, so that all of them can be watched. */
export const ACTORS = ['cart', 'game', 'order', 'room'] as const
export type ActorName = (typeof ACTORS)[number]

/** The manager and the way to it. */
export interface Weather {
  /** of a request and its answer, ms, on average */
  readonly latency: number
  /** percent of the requests whose answer never comes; half of them are applied nevertheless, at once or much later */
  readonly loss: number
  /** percent of the other requests that are refused */
  readonly failure: number
}

/** What the sliders may say. At their ends a third of the requests come through: where none does, nothing is held that could be wrong. */
export const RANGES: Readonly<Record<keyof Weather, { min: number; max: number; first: number }>> = {
  latency: { min: 50, max: 1500, first: 400 },
  loss: { min: 0, max: 40, first: 0 },
  failure: { min: 0, max: 40, first: 0 },
}

/** Something that the user did, and when on the run's own clock. */
export type Action = { readonly at: number } & (
  | { readonly kind: 'ask'; readonly actor: ActorName; readonly time: AlarmTime }
  | { readonly kind: 'crash'; readonly actor: ActorName }
  | { readonly kind: 'storm' }
  | { readonly kind: 'weather'; readonly what: keyof Weather; readonly value: number }
)

/** All that a run depends on: the same plan is the same run, to the millisecond. */
export interface Plan {
  readonly seed: number
  /** in the order in which they were done */
  readonly actions: readonly Action[]
}

/** Time passes in steps of this many ms, and everything that is asked is asked between two of them. */
export const STEP = 10
/** No run is longer, ms, */
export const LONGEST = 180_000
/** and in none is more done. */
export const MOST_ACTIONS = 1_000

/** What a visitor sees first. */
export const firstPlan: Plan = { seed: 1259, actions: [{ at: 300, kind: 'storm' }] }

/** The plan with one more action; what was done after its time is forgotten. */
export function withAction({ seed, actions }: Plan, action: Action): Plan {
  return { seed, actions: [...actions.filter(({ at }) => at <= action.at), action] }
}
