/** How some durations are spread, in ms. Without any, all but `count` are `null`. */
export interface Distribution {
  readonly count: number
  readonly min: number | null
  readonly max: number | null
  /** half of them took no longer, and 99 of 100; less than 0.8 % off, exact below 128 ms */
  readonly p50: number | null
  readonly p99: number | null
}

export interface Histogram {
  add(ms: number): void
  /** What was added since the last time. */
  take(): Distribution
}

const STEPS = 64 // buckets for each doubling: none is wider than 1/64 of what is in it, and its middle is half of that off
const EXACT = 2 * STEPS
const LARGEST = Number.MAX_SAFE_INTEGER
const BUCKETS = bucketOf(LARGEST) + 1

/** Counts whole milliseconds in 3,072 buckets of growing width: 24 KB, however many and however long. */
export function openHistogram(): Histogram {
  const counts = new Float64Array(BUCKETS)
  let count = 0
  let min = Infinity
  let max = 0

  /** The smallest value that `share` of all are not above. */
  function quantile(share: number): number {
    let rank = Math.ceil(share * count)
    let bucket = 0
    while (rank > counts[bucket]!) rank -= counts[bucket++]!
    return Math.min(Math.max(middleOf(bucket), min), max)
  }

  return {
    add(ms) {
      const value = Math.min(Math.max(Math.round(ms), 0), LARGEST)
      if (Number.isNaN(value)) return
      counts[bucketOf(value)]!++
      count++
      min = Math.min(min, value)
      max = Math.max(max, value)
    },
    take() {
      if (count === 0) return { count, min: null, max: null, p50: null, p99: null }
      const taken = { count, min, max, p50: quantile(0.5), p99: quantile(0.99) }
      counts.fill(0)
      count = max = 0
      min = Infinity
      return taken
    },
  }
}

/** Below 128 a bucket each; above, 64 for each doubling. */
function bucketOf(value: number): number {
  if (value < EXACT) return value
  const doublings = Math.floor(Math.log2(value / STEPS))
  return doublings * STEPS + Math.floor(value / 2 ** doublings)
}

function middleOf(bucket: number): number {
  if (bucket < EXACT) return bucket
  const doublings = Math.floor(bucket / STEPS) - 1
  const width = 2 ** doublings
  const first = (bucket - doublings * STEPS) * width
  return first + (width - 1) / 2
}
