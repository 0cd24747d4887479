const UNITS = { ms: 1n, s: 1_000n, m: 60_000n }

/** A unit of a duration in a diagram. */
export type Unit = keyof typeof UNITS

/** ms, as the number that is nearest to what is written: 32.2 * 1000 is not 32,200. */
export function exactMs(size: string, unit: Unit): number {
  const [whole = '', fraction = ''] = size.split('.')
  return Number(`${BigInt(whole + fraction) * UNITS[unit]}e-${fraction.length}`)
}
