/** What has fired, and whether it should have. Far alarms come first, the near ones after them. */
export interface Record {
  fired(actor: number, at: number): void
  expect(first: number, times: readonly number[]): void
  /** Resolves once these have fired, or at a time; to the clock at which the last of them did. */
  until(first: number, count: number, limit: number): Promise<number>
  /** ms, ascending, of those that fired */
  latenessOf(first: number, count: number): number[]
  wrong(): string[]
}

export function openRecord(far: number, near: number): Record {
  const times = new Float64Array(near)
  const firedAt = new Float64Array(near)
  const count = new Uint16Array(near)
  let farFired = 0
  let look = (): void => {}

  const all = (): number[] => Array.from({ length: near }, (_, i) => i)
  const told = (n: number, what: string): string[] => (n === 0 ? [] : [`${n} ${what}`])
  return {
    fired(actor, at) {
      const i = actor - far
      if (!(i >= 0)) {
        farFired++
        return
      }
      if (count[i]!++ === 0) firedAt[i] = at
      look()
    },
    expect(first, expected) {
      times.set(expected, first - far)
    },
    async until(first, n, limit) {
      const from = first - far
      let next = from // all before it have fired
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, limit - Date.now())
        look = () => {
          while (next < from + n && count[next]! > 0) next++
          if (next < from + n) return
          clearTimeout(timer)
          resolve()
        }
        look()
      })
      look = () => {}
      return firedAt.subarray(from, from + n).reduce((a, b) => Math.max(a, b), 0)
    },
    latenessOf(first, n) {
      const from = first - far
      const fired = all()
        .slice(from, from + n)
        .filter((i) => count[i]! > 0)
      return fired.map((i) => firedAt[i]! - times[i]!).toSorted((a, b) => a - b)
    },
    wrong() {
      return [
        ...told(all().filter((i) => times[i]! > 0 && count[i] === 0).length, 'never fired'),
        ...told(all().filter((i) => count[i]! > 1).length, 'fired twice'),
        ...told(
          all().filter((i) => count[i]! > 0 && firedAt[i]! < times[i]!).length + farFired,
          'fired early',
        ),
      ]
    },
  }
}
