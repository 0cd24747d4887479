import { type Plan, simulate } from './simulate.ts'

const number = (value: number, digits = 0): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: digits })

const usual: Plan = {
  seed: 1,
  servers: 16,
  perSecond: 1_000,
  load: 0.7,
  actors: 200_000,
  exponent: 1,
  isOneEach: true,
  tenant: 10_000,
  turns: 'by due',
  burst: 0,
  spread: 'by actor',
  seconds: 10,
}

const plans: readonly (readonly [string, Partial<Plan>])[] = [
  ['even keys', { exponent: 0 }],
  ['even keys, a job for each wish', { exponent: 0, isOneEach: false }],
  ['Zipf 1.0', {}],
  ['Zipf 1.0, a job for each wish', { isOneEach: false }],
  ['Zipf 1.2', { exponent: 1.2 }],
  ['Zipf 1.2, a job for each wish', { exponent: 1.2, isOneEach: false }],
  ['Zipf 1.0, 64 servers', { servers: 64 }],
  ['Zipf 1.0, a tenant on one server', { spread: 'by tenant' }],
  ['one tenant bursts', { burst: 10_000 }],
  ['one tenant bursts, fair turns', { burst: 10_000, turns: 'in turn' }],
]

/** What docs/scale.md quotes. The same on any machine. */
export function printTable(): string {
  const rows = plans.map(([name, change]) => {
    const { wishes, delivered, busiest, p50, p99, max, burstTook } = simulate({ ...usual, ...change })
    const share = `${number((100 * delivered) / wishes)} %`
    const took = burstTook === 0 ? '' : number(burstTook)
    return [name, share, `${number(100 * busiest)} %`, number(p50, 1), number(p99, 1), number(max, 1), took]
  })
  const head = ['', 'wake-ups per wish', 'busiest server', 'late p50', 'p99', 'max', 'burst took']
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(['---', ...head.slice(1).map(() => '---:')]), ...rows.map(line)].join('\n')
}
