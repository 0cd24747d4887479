import { measure } from '../engine/measure.ts'
import type { ScenarioId } from '../engine/scenarios.ts'
import { weighIn } from '../memory/memory.ts'
import { type Spread, spreadOf } from '../stats.ts'
import { digits, table } from '../table.ts'
import { measureDeliveries } from './deliveries.ts'

/** What the engine of today is to the one before its pipe decided. */
export interface Ratio {
  readonly of: string
  /** above 1, today's is faster, or lighter */
  readonly ratio: Spread
}

const REPETITIONS = 9
const scenarios = ['burst', 'alternation', 'crossing', 'synchronous'] as const satisfies readonly ScenarioId[]

/** The engine of today beside the one before, in one run. */
export async function before(): Promise<Ratio[]> {
  const ratios: Ratio[] = []
  for (const id of scenarios) {
    const { title, compare, outcomes } = await measure(id, REPETITIONS, ['nolater', 'before'], 'before')
    const { ratio, ratioDrained } = outcomes[0]!
    ratios.push({ of: title, ratio: compare === 'drained' ? ratioDrained : ratio })
  }
  ratios.push({
    of: 'A delivery: set, delivered, handled, deleted',
    ratio: await measureDeliveries(REPETITIONS),
  })
  for (const activity of ['idle', 'busy'] as const) {
    const today = (await weighIn('nolater', activity, 100_000)).bytes
    const then = (await weighIn('before', activity, 100_000)).bytes
    ratios.push({ of: `Bytes of an actor that is ${activity}`, ratio: spreadOf([then / today]) })
  }
  const rows = ratios.map(({ of, ratio: { median, min, max } }) => [
    of,
    digits(median),
    `${digits(min)} to ${digits(max)}`,
  ])
  console.log(`\n${table(['path', 'x before', 'min to max'], rows)}`)
  return ratios
}
