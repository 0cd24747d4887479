import type { Attributes, Link } from '@opentelemetry/api'
import {
  AggregationTemporality,
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

/** OpenTelemetry's own SDK, its exporters in memory. Nothing leaves by itself: `collect` asks for it. */
export function openMetrics() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 })
  const provider = new MeterProvider({ readers: [reader] })

  async function collect(): Promise<Metric[]> {
    exporter.reset()
    await reader.forceFlush()
    return exporter.getMetrics().flatMap(({ scopeMetrics }) => {
      return scopeMetrics.flatMap(({ metrics }) => metrics.flatMap(pointsOf))
    })
  }
  return { meter: provider.getMeter('nolater'), collect, close: () => provider.shutdown() }
}

/** One time series. A histogram has its measurements in order of size as far as its bounds tell them apart: their sum and count. */
export interface Metric {
  readonly name: string
  readonly unit: string
  readonly attributes: Attributes
  readonly value: number | { readonly count: number; readonly sum: number }
}

function pointsOf({ descriptor: { name, unit }, dataPoints }: MetricData): Metric[] {
  return dataPoints.map(({ attributes, value }) => {
    if (typeof value === 'number') return { name, unit, attributes, value }
    const { count, sum } = value as HistogramMetricData['dataPoints'][number]['value']
    return { name, unit, attributes, value: { count, sum: Math.round((sum ?? 0) * 1e6) / 1e6 } }
  })
}

/** The metrics as a record from the name, with its attributes where it has any. */
export function byName(metrics: readonly Metric[]): Record<string, Metric['value']> {
  const named = metrics.map(({ name, attributes, value }) => {
    const list = Object.entries(attributes).map(([key, of]) => `${key.replace('nolater.', '')}=${of}`)
    return [list.length === 0 ? name : `${name}{${list.join()}}`, value] as const
  })
  return Object.fromEntries(named)
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
