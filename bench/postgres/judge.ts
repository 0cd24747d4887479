/** The actors whose handlers have begun, in that order, and when. */
export interface Fires {
  readonly actors: readonly number[]
  readonly ats: readonly number[]
}

/** When each of so many actors has fired, and what is wrong with that. */
export interface Record {
  /** ms since the epoch; 0: it never has */
  readonly at: Float64Array
  readonly first: number
  readonly last: number
  readonly wrong: readonly string[]
}

/** What the processes of a contender have done, together. */
export function judge(all: readonly Fires[], count: number, dueOf: (actor: number) => number): Record {
  const at = new Float64Array(count)
  let first = Infinity
  let last = 0
  let twice = 0
  let early = 0
  for (const { actors, ats } of all) {
    actors.forEach((actor, i) => {
      const time = ats[i]!
      if (at[actor]! > 0) twice++
      else at[actor] = time
      if (time < dueOf(actor)) early++
      first = Math.min(first, time)
      last = Math.max(last, time)
    })
  }
  const never = at.filter((time) => time === 0).length
  const told = (n: number, what: string): string[] => (n === 0 ? [] : [`${n} ${what}`])
  const wrong = [...told(never, 'never fired'), ...told(twice, 'fired twice'), ...told(early, 'fired early')]
  return { at, first, last, wrong }
}
