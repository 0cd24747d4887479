const units: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
]

/** `5 min`, `1.5 s`: the largest unit of which there is one. */
export function duration(ms: number): string {
  const [unit, size] = units.find(([, size]) => ms >= size) ?? ['ms', 1]
  const count = ms / size
  return `${count < 10 && size > 1 ? Number(count.toFixed(1)) : Math.round(count)} ${unit}`
}

/** `in 5 min`, `5 min ago`. */
export function fromNow(time: number, now: number): string {
  const ms = time - now
  return ms > 0 ? `in ${duration(ms)}` : `${duration(-ms)} ago`
}

export function instant(time: number): string {
  return Math.abs(time) > 8.64e15 ? `${time} ms` : new Date(time).toISOString()
}
