/** How a series of samples, one a second, goes up or down, in units a second. */
export interface Trend {
  /** the middle one of the slopes between all pairs of samples (Theil and Sen): no step and no outlier moves it much */
  readonly slope: number
  /** it is at least this and at most that, with 99 % each (by Kendall's test) */
  readonly low: number
  readonly high: number
  readonly isFlat: boolean
}

/** bytes a second: of 100,000 intents a second, one byte kept for every 200 */
const FLAT = 500

const SURE = 2.33 // standard deviations for 99 % on one side

/**
 * Whether the heap stays as it is: unless it is sure that it grows by more than `FLAT`.
 *
 * Half of the samples are left out, in which the compilers still add to the heap. What a leak adds is a line: the smallest object there
 * is, once in a thousand intents, is 1,600 bytes a second, and surely seen in a minute.
 */
export function trendOf(samples: readonly number[]): Trend {
  const steady = samples.slice(samples.length >> 1)
  const slopes = steady
    .flatMap((from, i) => steady.slice(i + 1).map((to, distance) => (to - from) / (distance + 1)))
    .sort((a, b) => a - b)
  const n = steady.length
  const spread = (SURE * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)) / 2
  const at = (place: number): number =>
    slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(place)))] ?? Number.NaN
  const middle = (slopes.length - 1) / 2
  const low = at(middle - spread)
  return {
    slope: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    low,
    high: at(middle + spread),
    isFlat: low < FLAT,
  }
}
