import type { Metric } from './sdk.ts'

/** What Prometheus has of one instrument: the names that queries use, and the labels with the values that were seen. */
export interface Exported {
  readonly instrument: string
  readonly unit: string
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>
}

const underscored = (name: string): string => name.replace(/[^a-zA-Z0-9]/g, '_')

/**
 * Names as the Collector and the OTLP receiver of Prometheus write them: dots to underscores, the unit at the end unless it is what is
 * counted, `_total` for what only grows, three names for a histogram. Without units as the exporter of the SDK for JavaScript does.
 */
function namesOf({ name, unit, kind }: Metric, withUnits: boolean): string[] {
  const base = underscored(name) + (withUnits && unit === 's' ? '_seconds' : '')
  if (kind === 'histogram') return ['_bucket', '_sum', '_count'].map((suffix) => base + suffix)
  return [kind === 'counter' ? `${base}_total` : base]
}

/** Everything that Prometheus gets, by name. */
export function prometheusOf(metrics: readonly Metric[], withUnits = true): ReadonlyMap<string, Exported> {
  const series = new Map<string, { instrument: string; unit: string; labels: Map<string, Set<string>> }>()
  for (const metric of metrics) {
    for (const name of namesOf(metric, withUnits)) {
      const { labels } = series.get(name) ?? { labels: new Map<string, Set<string>>() }
      series.set(name, { instrument: metric.name, unit: metric.unit, labels })
      for (const [attribute, value] of Object.entries(metric.attributes)) {
        const label = underscored(attribute)
        labels.set(label, (labels.get(label) ?? new Set()).add(`${value}`))
      }
    }
  }
  return series
}

const functions = 'sum|max|min|rate|increase|histogram_quantile|absent|by|and|or'.split('|')
const fromOutside = ['job', 'instance'] // Prometheus, or its scraping, adds these

/** The series that a query selects, and the labels that it groups by. */
function read(query: string) {
  const groups = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/, */))
  const rest = query.replace(/\bby \([^)]*\)/g, '').replace(/\[[^\]]*\]/g, '')
  const selectors = [...rest.matchAll(/([a-zA-Z_]\w*)(?:\{([^}]*)\})?/g)]
    .filter(([, name = '']) => !functions.includes(name))
    .map(([, name = '', matchers = '']) => ({
      name,
      matchers: [...matchers.matchAll(/(\w+)(=~?|!=|!~)"([^"]*)"/g)].map(([, label = '', , value = '']) => ({
        label,
        values: value.split('|'),
      })),
    }))
  return { groups, selectors }
}

/** What a query names and what is not exported: a metric, a label of it, a value of that. */
export function faultsOf(query: string, exported: ReadonlyMap<string, Exported>): string[] {
  const { groups, selectors } = read(query)
  const isLabel = (name: string, label: string): boolean =>
    fromOutside.includes(label) ||
    (label === 'le' && name.endsWith('_bucket')) ||
    exported.get(name)?.labels.has(label) === true
  const ofSelectors = selectors.flatMap(({ name, matchers }) => {
    const labels = exported.get(name)?.labels
    if (labels === undefined) return [`no metric ${name}`]
    return [...matchers.map(({ label }) => label), ...groups]
      .filter((label) => !isLabel(name, label))
      .map((label) => `no label ${label} of ${name}`)
      .concat(
        matchers
          .filter(({ label }) => labels.has(label))
          .flatMap(({ label, values }) => values.filter((value) => !labels.get(label)?.has(value)))
          .map((value) => `no ${value} among the labels of ${name}`),
      )
  })
  return selectors.length === 0 ? [`no metric in ${query}`] : ofSelectors
}

/** The instruments that a query shows. */
export function instrumentsIn(query: string, exported: ReadonlyMap<string, Exported>): string[] {
  return read(query).selectors.flatMap(({ name }) => exported.get(name)?.instrument ?? [])
}

/** What Grafana is to write behind the numbers of a query. */
export function unitOf(query: string, exported: ReadonlyMap<string, Exported>): string {
  if (!query.includes('histogram_quantile(') && /\brate\(/.test(query)) return 'cps'
  if (/\bincrease\(/.test(query)) return 'short'
  const isSeconds = read(query).selectors.every(({ name }) => exported.get(name)?.unit === 's')
  return isSeconds ? 's' : 'short'
}

/** The labels that a legend writes and the query does not group by. */
export function missingInLegend(legend: string, query: string): string[] {
  const { groups } = read(query)
  return [...legend.matchAll(/\{\{(\w+)\}\}/g)]
    .map(([, label = '']) => label)
    .filter((label) => !groups.includes(label))
}
