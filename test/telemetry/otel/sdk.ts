import type { Attributes, Link } from '@opentelemetry/api'
import {
  AggregationTemporality,
  DataPointType,
  type HistogramMetricData,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'

/** OpenTelemetry's own SDK, its exporters in memory. Nothing leaves by itself: `collect` asks for it, all readers at once. */
export function openMetrics(temporality = AggregationTemporality.CUMULATIVE, count = 1) {
  const exporters = Array.from({ length: count }, () => new InMemoryMetricExporter(temporality))
  const readers = exporters.map(
    (exporter) => new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 }),
  )
  const provider = new MeterProvider({ readers })

  async function collect(): Promise<Metric[]> {
    for (const exporter of exporters) exporter.reset()
    await Promise.all(readers.map((reader) => reader.forceFlush()))
    return exporters[0]!.getMetrics().flatMap(({ scopeMetrics }) => {
      return scopeMetrics.flatMap(({ metrics }) => metrics.flatMap(pointsOf))
    })
  }
  return { meter: provider.getMeter('nolater'), collect, close: () => provider.shutdown() }
}

/** One time series. A histogram has its measurements in order of size as far as its bounds tell them apart: their sum and count. */
export interface Metric {
  readonly name: string
  readonly unit: string
  readonly kind: 'counter' | 'histogram' | 'level'
  readonly attributes: Attributes
  readonly value: number | { readonly count: number; readonly sum: number }
}

function pointsOf(data: MetricData): Metric[] {
  const { name, unit } = data.descriptor
  return data.dataPoints.map(({ attributes, value }) => {
    if (typeof value === 'number') return { name, unit, kind: kindOf(data), attributes, value }
    const { count, sum } = value as HistogramMetricData['dataPoints'][number]['value']
    const rounded = { count, sum: Math.round((sum ?? 0) * 1e6) / 1e6 }
    return { name, unit, kind: kindOf(data), attributes, value: rounded }
  })
}

/** A level goes up and down, be it observed or counted. */
function kindOf(data: MetricData): Metric['kind'] {
  if (data.dataPointType === DataPointType.HISTOGRAM) return 'histogram'
  return data.dataPointType === DataPointType.SUM && data.isMonotonic ? 'counter' : 'level'
}

/** The metrics as a record from the name, with its attributes where it has any. */
export function byName(metrics: readonly Metric[]): Record<string, Metric['value']> {
  const named = metrics.map(({ name, attributes, value }) => {
    const list = Object.entries(attributes).map(([key, of]) => `${key.replace('nolater.', '')}=${of}`)
    return [list.length === 0 ? name : `${name}{${list.join()}}`, value] as const
  })
  return Object.fromEntries(named)
}

/** What `traceAlarms` exports before anything has happened. */
export const alarmsAtStart = {
  'nolater.intents{move=earlier}': 0,
  'nolater.intents{move=later}': 0,
  'nolater.intents{move=same}': 0,
  'nolater.write.saved': 0,
  'nolater.write.retries': 0,
  'nolater.write.given_up': 0,
  'nolater.write.fenced': 0,
  'nolater.delivery.rescheduled': 0,
  'nolater.violations': 0,
  'nolater.actor.busy': 0,
  'nolater.write.active': 0,
}

/** And `traceDeliveries`. */
export const deliveriesAtStart = {
  'nolater.manager.deliveries{outcome=done}': 0,
  'nolater.manager.deliveries{outcome=failed}': 0,
  'nolater.manager.deliveries{outcome=expired}': 0,
  'nolater.manager.deliveries{outcome=abandoned}': 0,
  'nolater.manager.deliveries{outcome=given-up}': 0,
  'nolater.manager.stalls': 0,
}

export function openSpans() {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  return {
    tracer: provider.getTracer('nolater'),
    spans: () => exporter.getFinishedSpans(),
    close: () => provider.shutdown(),
  }
}

const ms = ([seconds, nanos]: readonly [number, number]): number => seconds * 1000 + nanos / 1e6

/** Finished spans as lines, each under its parent, in the order in which they began. */
export function drawSpans(spans: readonly ReadableSpan[], start = 0): string[] {
  const nameOf = (id: string): string => spans.find((span) => span.spanContext().spanId === id)?.name ?? '?'
  const line = (span: ReadableSpan): string => {
    const { name, attributes, links, events, status } = span
    const list = Object.entries(attributes).map(([key, of]) => `${key.replace('nolater.', '')}=${of}`)
    const linked = links.map(({ context }: Link) => `<- ${nameOf(context.spanId)}`)
    const happened = events.map((event) => `${event.name}@${ms(event.time) - start}`)
    const failed = status.code === 2 ? ['FAILED'] : []
    const took = `${ms(span.startTime) - start}..${ms(span.endTime) - start}`
    return [name, took, ...list, ...happened, ...failed, ...linked].join(' ')
  }
  const under = (parent: string | undefined, indent: string): string[] =>
    spans
      .filter(({ parentSpanContext }) => parentSpanContext?.spanId === parent)
      .sort((a, b) => ms(a.startTime) - ms(b.startTime) || (a.name < b.name ? -1 : 1))
      .flatMap((span) => [indent + line(span), ...under(span.spanContext().spanId, `${indent}  `)])
  return under(undefined, '')
}
