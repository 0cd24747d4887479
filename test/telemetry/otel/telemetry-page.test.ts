import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Meter, MetricOptions } from '@opentelemetry/api'
import { memoryManager } from 'nolater'
import { runMarbles } from 'nolater/marbles'
import { measureManager, traceAlarms, traceDeliveries } from 'nolater/otel'
import { from } from 'rxjs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runNode } from '../../run-node.ts'
import { byName, openMetrics } from './sdk.ts'

const page = readFileSync('docs/telemetry.md', 'utf8')

describe('docs/telemetry.md', () => {
  it('has each metric, its kind and its unit, and no other', () => {
    const rows = [
      ...page.matchAll(/^\| `(nolater\.[\w.]+)` \| ([a-z-]+(?: counter)?): [^|]* \| `([^`|]+)` \|/gm),
    ]
    const named: string[] = []
    const note = (kind: string) => (name: string, options: MetricOptions) => {
      expect(options.description).toMatch(/^[A-Z].*\.$/)
      named.push(`${name} ${kind} ${options.unit}`)
    }
    const meter = {
      createHistogram: note('histogram'),
      createCounter: note('counter'),
      createUpDownCounter: note('up-down counter'),
      createObservableGauge: note('gauge'),
    } as unknown as Meter
    traceAlarms({ meter })
    traceDeliveries({ meter })
    measureManager(memoryManager(), { meter })
    expect(rows.map(([, name, kind, unit]) => `${name} ${kind} ${unit}`).sort()).toEqual(named.sort())
  })

  it('explains a late alarm as its metrics do', async () => {
    const { events } = runMarbles(readFileSync('marbles/late-alarm.marbles', 'utf8'))
    const metrics = openMetrics()
    from(events.filter((event) => !('scheduledTime' in event) || event.scheduledTime === 13_000))
      .pipe(traceAlarms({ meter: metrics.meter }))
      .subscribe()
    const measured = byName(await metrics.collect())
    const rows = [...page.matchAll(/\| `(nolater\.delivery\.[\w.]+)` \| ([\d.]+) s \|$/gm)]
    expect(rows).toHaveLength(4)
    for (const [, name, sum] of rows) {
      const [, value] = Object.entries(measured).find(([metric]) => metric.startsWith(name as string)) ?? []
      expect([name, value]).toEqual([name, { count: 1, sum: Number(sum) }])
    }
  })

  it('has examples that run, and print what they say', () => {
    const cwd = mkdtempSync(join(tmpdir(), 'nolater-telemetry-'))
    onTestFinished(() => rmSync(cwd, { recursive: true, force: true }))
    symlinkSync(resolve('node_modules'), join(cwd, 'node_modules'))
    const printed = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) =>
      runNode(['--input-type=module-typescript', '-e', code as string], { cwd }),
    )
    expect(printed).toEqual([
      '0 alarms, half of them within null ms, p99 null ms\nof that the manager: p99 null ms\ntrue 1 writes\n',
      '',
      '0 events lost\n',
    ])
  })
})
