import type { Deliverer } from '../vocabulary/manager-stats.ts'

/** What one subscription of `deliveries` did in the last minute. */
export interface Minute {
  readonly fires: number
  readonly failures: number
  /** how many were late by at most `boundOf(bucket)` ms, by the bucket */
  readonly lateness: Readonly<Record<number, number>>
  readonly latest: number
}

/** A subscription of `deliveries`, as it is kept beside the alarms. */
export interface KeptDeliverer extends Deliverer {
  readonly minute: Minute
}

/** What was done in a part of the last minute. */
export interface Past extends Minute {
  /** ms since that part began */
  readonly ago: number
}

/** The same, by the clock. */
export interface Dated extends Minute {
  /** when that part began */
  readonly at: number
}

/** Of one that was seen then. */
export function datedFrom(seen: number, past: readonly Past[]): readonly Dated[] {
  return past.map((part) => ({ ...part, at: seen - part.ago }))
}

export interface Activity {
  fired(lateness: number): void
  failed(): void
  minute(): Minute
  /** The parts of it in which something was done. */
  past(): readonly Past[]
}

const SLOT = 10_000 // ms
const SLOTS = 6
const STEPS = 4 // buckets for each doubling

/** Counts what happens, and forgets what is a minute old. */
export function openActivity(elapsed: () => number): Activity {
  let slots: Slot[] = []

  function slot(): Slot {
    const number = Math.floor(elapsed() / SLOT)
    const last = slots.at(-1)
    if (last?.number === number) return last
    const fresh = { number, fires: 0, failures: 0, latest: 0, lateness: new Map<number, number>() }
    slots = [...slots.filter((old) => old.number > number - SLOTS), fresh]
    return fresh
  }

  return {
    fired(late) {
      const now = slot()
      const bucket = bucketOf(late)
      now.fires++
      now.latest = Math.max(now.latest, late)
      now.lateness.set(bucket, (now.lateness.get(bucket) ?? 0) + 1)
    },
    failed() {
      slot().failures++
    },
    minute() {
      slot()
      return sumOf(slots.map(minuteOf))
    },
    past() {
      slot()
      return slots
        .filter(({ fires, failures }) => fires + failures > 0)
        .map((slot) => ({ ...minuteOf(slot), ago: Math.round(elapsed() - slot.number * SLOT) }))
    },
  }
}

interface Slot {
  readonly number: number
  fires: number
  failures: number
  latest: number
  readonly lateness: Map<number, number>
}

function minuteOf({ fires, failures, latest, lateness }: Slot): Minute {
  return { fires, failures, latest, lateness: Object.fromEntries(lateness) }
}

export function sumOf(minutes: readonly Minute[]): Minute {
  const lateness: Record<number, number> = {}
  let [fires, failures, latest] = [0, 0, 0]
  for (const minute of minutes) {
    fires += minute.fires
    failures += minute.failures
    latest = Math.max(latest, minute.latest)
    for (const [bucket, count] of Object.entries(minute.lateness)) {
      lateness[Number(bucket)] = (lateness[Number(bucket)] ?? 0) + count
    }
  }
  return { fires, failures, lateness, latest }
}

/** The lateness that `share` of all do not exceed: at most, ms; `null` where there was none. */
export function latenessAt({ fires, lateness, latest }: Minute, share: number): number | null {
  if (fires === 0) return null
  let left = Math.ceil(share * fires)
  for (const [bucket, count] of Object.entries(lateness)) {
    left -= count
    if (left <= 0) return Math.min(boundOf(Number(bucket)), latest)
  }
  return latest
}

function bucketOf(late: number): number {
  return late < 1 ? 0 : 1 + Math.ceil(STEPS * Math.log2(late))
}

function boundOf(bucket: number): number {
  return bucket === 0 ? 0 : Math.ceil(2 ** ((bucket - 1) / STEPS))
}
