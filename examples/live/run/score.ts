import type { Fleet } from './fleet.ts'
import { ACTORS, type ActorName } from './plan.ts'

/** What a way of keeping alarms has come to, over all actors. */
export interface Score {
  readonly late: number
  readonly lost: number
  readonly writes: number
  /** the first moment at which a manager was later than its store */
  readonly first: { readonly actor: ActorName; readonly from: number } | null
}

export function scoreOf({ actors }: Fleet): Score {
  const each = ACTORS.map((actor) => ({ actor, judge: actors[actor].judge, writes: actors[actor].writes }))
  const sum = (count: (of: (typeof each)[number]) => number): number =>
    each.reduce((all, one) => all + count(one), 0)
  const first = each
    .flatMap(({ actor, judge }) => judge.divergences.slice(0, 1).map(({ from }) => ({ actor, from })))
    .toSorted((a, b) => a.from - b.from)[0]
  return {
    late: sum(({ judge }) => judge.late),
    lost: sum(({ judge }) => judge.lost),
    writes: sum(({ writes }) => writes),
    first: first ?? null,
  }
}
