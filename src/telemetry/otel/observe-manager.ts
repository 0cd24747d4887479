import type { Attributes, BatchObservableResult, Meter } from '@opentelemetry/api'
import type { Subscription } from 'rxjs'
import { isLive, type ManagerStats } from '../../vocabulary/manager-stats.ts'
import { managerInstruments } from './manager-instruments.ts'
import { neverThrows, report } from './never-throws.ts'
import { startAtZero } from './start-at-zero.ts'

/** Observes what `ask` resolves to at each collection, with these attributes on all of it, until `measured` is unsubscribed. */
export function observeManager(
  meter: Meter,
  own: Attributes,
  ask: () => Promise<ManagerStats>,
  measured: Subscription,
): void {
  const { observed, answering, failures } = managerInstruments(meter)
  startAtZero(answering, own)
  startAtZero(failures, own)
  let isAnswering = false

  function answered(now: boolean): void {
    if (now !== isAnswering) neverThrows(() => answering.add(now ? 1 : -1, own))
    isAnswering = now
  }

  async function observe(result: BatchObservableResult): Promise<void> {
    try {
      const readings = readingsOf(await ask())
      if (measured.closed) return
      for (const [which, value, attributes] of readings) {
        result.observe(observed[which], value, { ...own, ...attributes })
      }
      answered(true)
    } catch (error) {
      if (measured.closed) return
      report('a manager did not say how it stands; what it reported last is old', error)
      neverThrows(() => failures.add(1, own))
      answered(false)
    }
  }

  const observables = Object.values(observed)
  meter.addBatchObservableCallback(observe, observables)
  measured.add(() => {
    neverThrows(() => meter.removeBatchObservableCallback(observe, observables))
    answered(false) // what the SDK may go on exporting is old from here on
  })
}

type Reading = readonly [
  which: keyof ReturnType<typeof managerInstruments>['observed'],
  value: number,
  attributes?: Attributes,
]

/** All of it, or it throws: half an answer is none. */
function readingsOf({ at, counts, oldest, deliverers, paused }: ManagerStats): readonly Reading[] {
  const live = deliverers.filter((deliverer) => isLive(deliverer, at))
  return [
    ...Object.entries(counts).map(([state, count]) => ['alarms', count, { 'nolater.state': state }] as const),
    ['oldestOverdue', oldest === null ? 0 : oldest.overdue / 1_000],
    ['deliverers', live.length],
    ['pauses', paused.length],
  ]
}
