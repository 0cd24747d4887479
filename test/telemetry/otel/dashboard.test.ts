import { globSync, readFileSync } from 'node:fs'
import { type DeliveryEvent, memoryManager } from 'nolater'
import { runMarbles, virtualClock } from 'nolater/marbles'
import { measureManager, traceAlarms, traceDeliveries } from 'nolater/otel'
import { concat, from, NEVER } from 'rxjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { help } from '../../../src/operating/command/usage.ts'
import {
  type Exported,
  faultsOf,
  instrumentsIn,
  missingInLegend,
  prometheusOf,
  unitOf,
} from './prometheus.ts'
import { type Metric, openMetrics } from './sdk.ts'

interface Panel {
  readonly id: number
  readonly title: string
  readonly type: string
  readonly datasource: { readonly uid: string }
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number }
  readonly fieldConfig: { readonly defaults: { readonly unit: string } }
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[]
}

const file = readFileSync('docs/telemetry/grafana-dashboard.json', 'utf8')
const dashboard = JSON.parse(file)
const panels = (dashboard.panels as Panel[]).filter(({ type }) => type !== 'row')
const rules = readFileSync('docs/telemetry/prometheus-rules.yaml', 'utf8')
const page = readFileSync('docs/telemetry.md', 'utf8')

/** The rules as name, query and severity: the file has each on a line of its own. */
const alerts = rules
  .split(/^ {6}- alert: /m)
  .slice(1)
  .map((text) => ({
    name: text.split('\n')[0]!,
    query: /^ {8}expr: (.*)$/m.exec(text)?.[1] ?? '',
    severity: /^ {10}severity: (.*)$/m.exec(text)?.[1],
  }))

const delivered = { at: 0, key: '', scheduledTime: 0, fence: 0, retryCount: 0 }
const deliveries: readonly DeliveryEvent[] = [
  { ...delivered, kind: 'delivered', lateness: 1 },
  { ...delivered, kind: 'failed', error: new RangeError(), counted: true, retryAt: null },
  { ...delivered, kind: 'stalled', error: new RangeError(), retryAt: 0 },
  { ...delivered, kind: 'resumed', stalledFor: 1 },
]

/** One of everything that is exported: all diagrams, all deliveries, and a manager. */
async function everything(): Promise<Metric[]> {
  const { meter, collect } = openMetrics()
  for (const diagram of globSync('marbles/*.marbles')) {
    const { events } = runMarbles(readFileSync(diagram, 'utf8'))
    concat(from(events), NEVER).pipe(traceAlarms({ meter })).subscribe()
  }
  from(deliveries).pipe(traceDeliveries({ meter })).subscribe()
  measureManager(memoryManager({ scheduler: virtualClock() }), { meter, name: 'tea' })
  return collect()
}

let metrics: Metric[]
let exported: ReadonlyMap<string, Exported>
beforeAll(async () => {
  metrics = await everything()
  exported = prometheusOf(metrics)
})

const withoutVariables = (query: string): string => query.replaceAll('job=~"$job"', 'job="tea"')

describe('what is exported', () => {
  it('is all that docs/telemetry.md lists', () => {
    const listed = [...page.matchAll(/^\| `(nolater\.[\w.]+)` \| [a-z-]+(?: counter)?: /gm)].map(
      ([, name]) => name,
    )
    expect([...new Set(metrics.map(({ name }) => name))].sort()).toEqual(listed.sort())
  })

  it('has the names that the Collector and Prometheus make of it', () => {
    const names = [...exported.keys()]
    expect(names).toContain('nolater_alarms')
    expect(names).toContain('nolater_alarms_oldest_overdue_seconds')
    expect(names).toContain('nolater_write_given_up_total')
    expect(names).toContain('nolater_actor_busy')
    expect(names).toContain('nolater_delivery_lateness_seconds_bucket')
  })
})

describe('docs/telemetry/grafana-dashboard.json', () => {
  it('can be imported, and takes its data source from a variable', () => {
    const [source, job] = dashboard.templating.list
    const variable = `$\{${source.name}}`
    expect(source).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' })
    expect(job).toMatchObject({ name: 'job', datasource: { type: 'prometheus', uid: variable } })
    expect(dashboard).toMatchObject({ uid: 'nolater', title: 'nolater', schemaVersion: expect.any(Number) })
    expect(dashboard.id).toBeUndefined()
    expect(panels.map(({ datasource }) => datasource.uid)).toEqual(panels.map(() => variable))
    const ids = dashboard.panels.map(({ id }: Panel) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('has no panel above another', () => {
    const cells = (dashboard.panels as Panel[]).flatMap(({ gridPos: { h, w, x, y } }) =>
      Array.from({ length: h * w }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(Math.max(...panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24)
  })

  it('asks for nothing that is not exported: no metric, no label, no value of one', () => {
    const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => withoutVariables(expr)))
    expect(queries.length).toBeGreaterThan(30)
    expect(queries.flatMap((query) => faultsOf(query, exported))).toEqual([])
  })

  it('has the unit of what each panel shows', () => {
    const units = panels.flatMap(({ title, fieldConfig, targets }) =>
      targets.map(({ expr }) => [`${title}: ${expr}`, unitOf(expr, exported), fieldConfig.defaults.unit]),
    )
    expect(units.filter(([, right, written]) => right !== written)).toEqual([])
  })

  it('writes no label into a legend that the query has lost', () => {
    const lost = panels.flatMap(({ targets }) =>
      targets.flatMap(({ expr, legendFormat }) => missingInLegend(legendFormat, expr)),
    )
    expect(lost).toEqual([])
  })

  it('shows every instrument that is exported', () => {
    const shown = new Set(
      panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => instrumentsIn(expr, exported))),
    )
    const hidden = metrics.map(({ name }) => name).filter((name) => !shown.has(name))
    expect([...new Set(hidden)]).toEqual([])
  })

  it('has the names of the exporter of the SDK once _seconds is taken out of it, as the page says', () => {
    expect(page).toContain("sed 's/_seconds//g'")
    const scraped = prometheusOf(metrics, false)
    const queries = [
      ...panels.flatMap(({ targets }) => targets),
      ...alerts.map(({ query }) => ({ expr: query })),
    ]
    const faults = queries.flatMap(({ expr }) =>
      faultsOf(withoutVariables(expr).replaceAll('_seconds', ''), scraped),
    )
    expect(faults).toEqual([])
  })
})

describe('docs/telemetry/prometheus-rules.yaml', () => {
  it('asks for nothing that is not exported', () => {
    expect(alerts.length).toBeGreaterThan(5)
    expect(alerts.flatMap(({ query }) => faultsOf(query, exported))).toEqual([])
  })

  it('says of each alert how bad it is, and the page what it means and what to do', () => {
    expect(alerts.filter(({ severity }) => !/^(?:critical|warning)$/.test(severity ?? ''))).toEqual([])
    const explained = [...page.matchAll(/^\| `(Nolater\w+)` \| .{20,} \| .{20,} \|$/gm)].map(
      ([, name]) => name,
    )
    expect(explained).toEqual(alerts.map(({ name }) => name))
  })

  it('calls the command as it can be called', () => {
    const called = [...`${rules}${page}`.matchAll(/`nolater ([a-z]+)((?: --[a-z]+ [a-z-]+)*)/g)]
    expect(called.length).toBeGreaterThan(6)
    for (const [, command, options = ''] of called) {
      const line = new RegExp(`^ {2}nolater ${command} TARGET.*`, 'm').exec(help)?.[0]
      expect(line, `nolater ${command}`).toBeDefined()
      for (const [, option, value] of options.matchAll(/ (--[a-z]+) ([a-z-]+)/g)) {
        expect(line).toContain(option)
        if (option === '--state') expect(help).toMatch(new RegExp(`^STATE: .*\\b${value}\\b`, 'm'))
      }
    }
  })
})

describe('the check of a query', () => {
  it.each([
    ['sum(nolater_alarm)', 'no metric nolater_alarm'],
    ['rate(nolater_violations[5m])', 'no metric nolater_violations'],
    ['rate(nolater_write_given_up_total[5m]) + nolater_busy', 'no metric nolater_busy'],
    ['summ(nolater_alarms)', 'no metric summ'],
    ['nolater_alarms_oldest_overdue', 'no metric nolater_alarms_oldest_overdue'],
    ['nolater_delivery_lateness_bucket', 'no metric nolater_delivery_lateness_bucket'],
    ['nolater_alarms{state="due"}', 'no label state of nolater_alarms'],
    ['nolater_alarms{nolater_state="overdue"}', 'no overdue among the labels of nolater_alarms'],
    ['nolater_alarms{nolater_state=~"due|faild"}', 'no faild among the labels of nolater_alarms'],
    ['sum by (nolater_outcome) (nolater_alarms)', 'no label nolater_outcome of nolater_alarms'],
    ['sum by (le) (nolater_alarms)', 'no label le of nolater_alarms'],
    ['sum(1)', 'no metric in sum(1)'],
  ])('finds %s', (query, fault) => {
    expect(faultsOf(query, exported)).toContain(fault)
  })

  it('finds a unit, a legend and a metric that are not right', () => {
    expect(unitOf('max(nolater_alarms_oldest_overdue_seconds)', exported)).toBe('s')
    expect(unitOf('sum(rate(nolater_manager_lag_seconds_count[5m]))', exported)).toBe('cps')
    expect(unitOf('sum(increase(nolater_violations_total[5m]))', exported)).toBe('short')
    expect(unitOf('sum(nolater_alarms)', exported)).toBe('short')
    expect(missingInLegend('{{nolater_state}}', 'sum(nolater_alarms)')).toEqual(['nolater_state'])
    expect(instrumentsIn('sum(nolater_alarms)', exported)).toEqual(['nolater.alarms'])
  })
})
