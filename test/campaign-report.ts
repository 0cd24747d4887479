import type { Lateness } from '../examples/fleet/lateness.ts'

export const number = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 0 })

export const printLateness = ({ count, p50, p99, max }: Lateness): string =>
  `p50 ${number(p50)} ms, p99 ${number(p99)} ms, max ${number(max)} ms, of ${number(count)}`

/** How many there are of each kind of violation. */
export const countKinds = (kinds: readonly string[], violations: readonly string[]): string =>
  kinds
    .map((kind) => `${violations.filter((fault) => fault.startsWith(kind)).length} ${kind.toLowerCase()}`)
    .join(', ')

/** A campaign of kills as a markdown table; then what its processes said of errors, and the first of what was wrong. */
export function printCampaign(campaign: {
  readonly rows: readonly (readonly [string, string])[]
  readonly who: string
  readonly errors: Iterable<readonly [string, number]>
  /** how many of them are told, the most frequent first; default all */
  readonly most?: number
  readonly violations: readonly string[]
  /** of the first violation */
  readonly evidence?: readonly string[]
}): string {
  const { rows, who, errors, most = Infinity, violations, evidence = [] } = campaign
  const said = [...errors].sort((a, b) => b[1] - a[1]).slice(0, most)
  const faults = violations.slice(0, 10).map((fault) => `  ${fault}`)
  if (violations.length > 10) faults.push(`  and ${violations.length - 10} more`)
  return [
    '| | |',
    '|---|---|',
    ...rows.map(([name, value]) => `| ${name} | ${value} |`),
    '',
    `What the ${who} said of errors:`,
    ...said.map(([what, times]) => `  ${number(times)} x ${what}`),
    ...(faults.length === 0 ? [] : ['', ...faults, ...evidence]),
  ].join('\n')
}
