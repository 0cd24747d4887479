import type { Owed } from './judge.ts'

/** From a kill until whatever the killed process had leased can be delivered again; ms since the epoch. */
export interface KillWindow {
  readonly from: number
  readonly to: number
}

/** Of some deliveries: how long after their time the handler began, ms. */
export interface Lateness {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Splits the deliveries by whether a kill had its hand in: some part of the time between due and delivered lies in its window. */
export function latenessOf(
  owed: readonly Owed[],
  windows: readonly KillWindow[],
): { undisturbed: Lateness; killed: Lateness } {
  const undisturbed: number[] = []
  const killed: number[] = []
  for (const { time, began } of owed) {
    if (began === null) continue
    const isHit = windows.some(({ from, to }) => time <= to && began >= from)
    ;(isHit ? killed : undisturbed).push(began - time)
  }
  return { undisturbed: summary(undisturbed), killed: summary(killed) }
}

function summary(values: number[]): Lateness {
  values.sort((a, b) => a - b)
  const at = (share: number): number =>
    values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0
  return { count: values.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}
