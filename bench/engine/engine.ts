import { drawBars } from '../draw-bars.ts'
import { keepPicture } from '../results.ts'
import { nameOf } from '../rivals/index.ts'
import type { Spread } from '../stats.ts'
import { digits, table } from '../table.ts'
import { measure, type Result } from './measure.ts'
import { type ScenarioId, scenarios } from './scenarios.ts'

const REPETITIONS = 7

export async function engine(): Promise<Result[]> {
  const results: Result[] = []
  for (const id of Object.keys(scenarios) as ScenarioId[]) {
    const result = await measure(id, REPETITIONS)
    console.log(`\n### ${result.title}\n\n${print(result)}`)
    results.push(result)
    keepPicture(`engine-${id}`, draw(result))
  }
  return results
}

/** Time until everything is where it belongs. */
function draw({ title, outcomes }: Result): string {
  const bars = outcomes.map(({ rival, drained: { median }, wrong }) => ({
    name: nameOf(rival),
    value: median,
    label: `${digits(median)} ns`,
    ...(wrong.length > 0 ? { warning: wrong.join(', ') } : {}),
  }))
  return drawBars(`${title} (ns an intent)`, 'ns', bars)
}

export function print({ compare, outcomes }: Result): string {
  const most = Math.max(...outcomes.map(({ intents }) => intents))
  const isHandedOver = compare === 'handedOver'
  const head = [
    `${digits(most)} intents`,
    ...(isHandedOver ? ['ns each, handed over', 'min to max', 'intents/s', 'x chain'] : []),
    'ns each, done',
    'min to max',
    'x chain',
    'writes',
    'commits',
    'result',
  ]
  const rows = outcomes.map(({ rival, intents, handedOver, drained, ratio, ratioDrained, ...outcome }) => [
    intents === most ? nameOf(rival) : `${nameOf(rival)} (n = ${digits(intents)})`,
    ...(isHandedOver ? [...timing(handedOver), digits(1e9 / handedOver.median), digits(ratio.median)] : []),
    ...timing(drained),
    digits(ratioDrained.median),
    digits(outcome.writes),
    digits(outcome.commits),
    outcome.wrong.length > 0
      ? `WRONG: ${outcome.wrong.join(', ')}`
      : outcome.inside
        ? 'right, inside the call'
        : 'right',
  ])
  return table(head, rows)
}

function timing({ median, min, max }: Spread): string[] {
  return [digits(median), `${digits(min)} to ${digits(max)}`]
}
