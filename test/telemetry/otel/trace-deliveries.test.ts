import type { DeliveryEvent } from 'nolater'
import { AlarmError, memoryManager } from 'nolater'
import { virtualClock } from 'nolater/marbles'
import { traceDeliveries } from 'nolater/otel'
import { EMPTY, from, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { endsAsRxjs, obeysTheLaws } from '../../operators/laws.ts'
import { byName, deliveriesAtStart, openMetrics } from './sdk.ts'

const { meter } = openMetrics()
const delivered = (at: number): DeliveryEvent => {
  return { at, key: '', scheduledTime: 1, fence: 1, retryCount: 0, kind: 'delivered', lateness: 3 }
}

obeysTheLaws<DeliveryEvent, DeliveryEvent>('traceDeliveries', {
  value: delivered,
  about: ({ at }) => at,
  build: () => traceDeliveries({ meter }),
  sided: false,
  exempt: endsAsRxjs,
})

describe('traceDeliveries', () => {
  it('exports what it counts before anything has happened, at 0', async () => {
    const metrics = openMetrics()
    memoryManager({ scheduler: virtualClock() })
      .deliveries(() => EMPTY)
      .pipe(traceDeliveries({ meter: metrics.meter }))
      .subscribe()
    expect(byName(await metrics.collect())).toEqual(deliveriesAtStart)
  })

  it('measures how late deliveries are after their back-off, and counts how they end', async () => {
    const metrics = openMetrics()
    const clock = virtualClock()
    const manager = memoryManager({ scheduler: clock })
    const info = { move: 'earlier', fence: 1, attempt: 1 } as const
    from(manager.write('tea', clock.now() + 10, { key: 'tea', ...info })).subscribe()
    from(manager.write('milk', clock.now() + 20, { key: 'milk', ...info })).subscribe()
    const work = manager
      .deliveries(
        ({ key, retryCount }) => {
          if (key === 'milk') return throwError(() => Object.assign(new Error('sour'), { retry: false }))
          return retryCount === 0 ? throwError(() => new RangeError('hot')) : EMPTY
        },
        { abandon: () => [null] },
      )
      .pipe(traceDeliveries({ meter: metrics.meter }))
      .subscribe()
    clock.advance(60_000)
    work.unsubscribe()
    expect(byName(await metrics.collect())).toEqual({
      ...deliveriesAtStart,
      'nolater.manager.lag': { count: 3, sum: 0 },
      'nolater.manager.deliveries{outcome=failed,error.type=RangeError}': 1,
      'nolater.manager.deliveries{outcome=failed,error.type=Error}': 1,
      'nolater.manager.deliveries{outcome=abandoned}': 1,
      'nolater.manager.deliveries{outcome=done}': 1,
    })
  })

  it('counts what is given up and kept as failed', async () => {
    const metrics = openMetrics()
    const clock = virtualClock()
    const manager = memoryManager({ scheduler: clock })
    const info = { move: 'earlier', fence: 1, attempt: 1 } as const
    from(manager.write('milk', clock.now(), { key: 'milk', ...info })).subscribe()
    manager
      .deliveries(() => throwError(() => new RangeError('sour')))
      .pipe(traceDeliveries({ meter: metrics.meter }))
      .subscribe()
    clock.advance(600_000)
    expect(byName(await metrics.collect())).toMatchObject({
      'nolater.manager.deliveries{outcome=failed,error.type=RangeError}': 7,
      'nolater.manager.deliveries{outcome=given-up,error.type=RangeError}': 1,
    })
  })

  it('measures in seconds, and nothing negative', async () => {
    const metrics = openMetrics()
    from([delivered(1), { ...delivered(2), lateness: -5 } as DeliveryEvent])
      .pipe(traceDeliveries({ meter: metrics.meter }))
      .subscribe()
    expect(byName(await metrics.collect())).toEqual({
      ...deliveriesAtStart,
      'nolater.manager.lag': { count: 2, sum: 0.003 },
    })
  })

  it('counts the tries of a manager whose storage fails, and how long that was', async () => {
    const metrics = openMetrics()
    const ofAll = { at: 0, key: '', scheduledTime: 0, fence: 0, retryCount: 0 }
    const error = new AlarmError('ALARM_STORAGE_FAILED', 'full')
    const stalled = { ...ofAll, kind: 'stalled', error, retryAt: 5 } as const
    from<DeliveryEvent[]>([stalled, stalled, { ...ofAll, kind: 'resumed', stalledFor: 3_000 }])
      .pipe(traceDeliveries({ meter: metrics.meter }))
      .subscribe()
    expect(byName(await metrics.collect())).toEqual({
      ...deliveriesAtStart,
      'nolater.manager.stalls{error.type=ALARM_STORAGE_FAILED}': 2,
      'nolater.manager.stall_time': { count: 1, sum: 3 },
    })
  })

  it('lets nothing through that a meter throws', () => {
    const seen: DeliveryEvent[] = []
    const record = (): never => {
      throw new Error('boom')
    }
    const broken = { createHistogram: () => ({ record }), createCounter: () => ({ add: record }) }
    from([delivered(1), delivered(2)])
      .pipe(traceDeliveries({ meter: broken as never }))
      .subscribe((event) => seen.push(event))
    expect(seen).toHaveLength(2)
  })

  it('refuses to work without a meter', () => {
    expect(() => traceDeliveries({} as never)).toThrow(
      expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' }),
    )
  })
})
