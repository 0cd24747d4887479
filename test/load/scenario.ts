/** Something to be done for a minute. */
export interface Scenario {
  readonly name: string
  /** what is done `rate` times a second */
  readonly what: string
  readonly rate: number
  /** Begins it on a folder of its own. */
  open(folder: string): Load
}

/** A scenario under way. */
export interface Load {
  /** Does `count` of what is to be done, now; `from` were done before. */
  issue(count: number, from: number): void
  /** what came of it, and what of it is wrong, at the end */
  result(): { readonly says: string; readonly fault: string | null }
}

/** Times that go up and down without a pattern, some hours ahead. */
export function someTime(now: number, n: number): number {
  return now + 3_600_000 + (Math.imul(n, 0x9e3779b1) >>> 12)
}
