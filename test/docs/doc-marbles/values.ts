import { metrics, trace } from '@opentelemetry/api'
import * as nolater from 'nolater'
import * as otel from 'nolater/otel'
import * as summaries from 'nolater/summaries'

const telemetry = { meter: metrics.getMeter('a picture'), tracer: trace.getTracer('a picture') }

/** Runs what a comment says. */
export function evaluate(code: string, given: object = {}): unknown {
  const scope = { ...nolater, ...otel, ...summaries, ...telemetry, ...given }
  return new Function(...Object.keys(scope), `return ${code}`)(...Object.values(scope))
}

/** What a word above the call stands for: itself, an intent, what a signal says. */
export function meaning(name: string, word: string): unknown {
  if (name.endsWith('$')) return word === 't'
  if (name !== 'intents') return word
  const [, key, time] = word.match(/^([a-z]?)(\d+|x)$/)!
  return { ...(key && { key }), ...(time === 'x' ? nolater.deleteAlarm() : nolater.setAlarm(Number(time))) }
}

/** How a value is drawn below it: itself in the lane `result`, or the property that the lane is named after; `x` is none. */
export function wordOf(name: string, value: unknown): string {
  const path = name === 'result' ? [] : name.split('.')
  return String(path.reduce((of, key) => (of as Record<string, unknown> | undefined)?.[key], value) ?? 'x')
}

/** What a call was about: an alarm, behind its key where there are several. */
export function argumentOf([first, info]: readonly unknown[]): string {
  const { key = '', scheduledTime } = { ...Object(info), ...Object(first) } as Partial<nolater.AlarmDelivery>
  return `${key}${scheduledTime ?? first ?? 'x'}`
}
