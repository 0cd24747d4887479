import { Cron } from 'croner'
import { cronTimes } from '../../src/timers/series/cron-times.ts'
import { readExpression } from '../../src/timers/series/croner.ts'
import { wallClock } from '../../src/timers/series/wall-clock.ts'
import { compare, EXPRESSIONS, expectedTimes, readingsOf, spansOf } from './oracle.ts'

// Every zone that the platform knows, ten years, twenty expressions, against the oracle: `npm run cron -- [zones]`.
const DAY = 86_400_000
const from = Date.UTC(2021, 0, 1)
const to = Date.UTC(2031, 0, 1)
const zones = process.argv.length > 2 ? process.argv.slice(2) : Intl.supportedValuesOf('timeZone')
const expressions = EXPRESSIONS.map((expression) => ({
  expression,
  cron: readExpression(expression, Cron),
  readings: readingsOf(expression, from - 3 * DAY, to + 3 * DAY),
}))

const began = Date.now()
let [times, skipped, doubled, other] = [0, 0, 0, 0]
for (const zone of zones) {
  const spans = spansOf(zone, from - 2 * DAY, to + 2 * DAY)
  const clock = wallClock(zone)
  for (const { expression, cron, readings } of expressions) {
    const expected = expectedTimes(readings, spans, cron.isEveryHour)
    const found = compare(cronTimes(cron, clock).after, expected, from, to)
    times += found.times
    skipped += found.skipped
    doubled += found.doubled
    other += found.other
    if (found.skipped + found.doubled + found.other > 0) console.log(zone, expression, found)
  }
}
const seconds = Math.round((Date.now() - began) / 1_000)
console.log(
  `${zones.length} zones, ${EXPRESSIONS.length} expressions, 10 years: ${times} times, ${skipped} skipped, ${doubled} doubled, ${other} others; ${seconds} s`,
)
process.exitCode = skipped + doubled + other === 0 ? 0 : 1
