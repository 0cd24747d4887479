import { DiagLogLevel, diag, type Meter } from '@opentelemetry/api'
import { AggregationTemporality } from '@opentelemetry/sdk-metrics'
import { type ManagerStats, memoryManager } from 'nolater'
import { virtualClock } from 'nolater/marbles'
import { measureManager } from 'nolater/otel'
import { from, lastValueFrom, NEVER, Observable, throwError } from 'rxjs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { byName, openMetrics } from './sdk.ts'

afterEach(() => diag.disable())

const nothing = {
  'nolater.alarms{state=pending}': 0,
  'nolater.alarms{state=due}': 0,
  'nolater.alarms{state=delivering}': 0,
  'nolater.alarms{state=backing-off}': 0,
  'nolater.alarms{state=failed}': 0,
  'nolater.alarms.oldest_overdue': 0,
  'nolater.manager.deliverers': 0,
  'nolater.manager.pauses': 0,
  'nolater.manager.answering': 1,
  'nolater.manager.stats.failures': 0,
}

const stats: ManagerStats = {
  at: 100_000,
  counts: { pending: 3, due: 2, delivering: 1, 'backing-off': 5, failed: 4 },
  oldest: { key: 'tea', overdue: 1_500 },
  lateness: { p50: null, p99: null, max: null },
  fires: 0,
  failures: 0,
  paused: [{ key: 'milk' }],
  deliverers: [],
}
const deliverer = (seen: number) => ({ holder: `${seen}`, process: '', since: 0, seen })

/** A manager whose next answers are given by the test, and how often it was asked. */
function stageOf(answer: () => PromiseLike<ManagerStats>) {
  const asked = vi.fn(() => answer())
  return { asked, manager: { stats: asked } }
}

function openLog() {
  const error = vi.fn()
  diag.setLogger({ error } as never, DiagLogLevel.ERROR)
  error.mockClear()
  return error
}

function memory() {
  const clock = virtualClock(1_000_000)
  const manager = memoryManager({ scheduler: clock })
  const set = (key: string, time: number) =>
    from(manager.write(key, time, { key, move: 'earlier', fence: 1, attempt: 1 })).subscribe()
  return { clock, manager, set }
}

describe('measureManager', () => {
  it('reports that nothing happens: no alarm, and nothing that delivers', async () => {
    const metrics = openMetrics()
    measureManager(memory().manager, { meter: metrics.meter })
    expect(byName(await metrics.collect())).toEqual(nothing)
    expect(byName(await metrics.collect())).toEqual(nothing)
  })

  it('reports what is overdue where nothing delivers', async () => {
    const metrics = openMetrics()
    const { clock, manager, set } = memory()
    measureManager(manager, { meter: metrics.meter })
    set('tea', 1_000_500)
    set('milk', 2_000_000)
    clock.advance(90_000)
    expect(byName(await metrics.collect())).toEqual({
      ...nothing,
      'nolater.alarms{state=pending}': 1,
      'nolater.alarms{state=due}': 1,
      'nolater.alarms.oldest_overdue': 89.5,
    })
  })

  it('reports two hung handlers where there is room for two: both at work, and the third overdue', async () => {
    const metrics = openMetrics()
    const { clock, manager, set } = memory()
    measureManager(manager, { meter: metrics.meter })
    manager.deliveries(() => NEVER, { concurrency: 2 }).subscribe()
    for (const key of ['a', 'b', 'c']) set(key, 1_000_000)
    clock.advance(25_000)
    expect(byName(await metrics.collect())).toEqual({
      ...nothing,
      'nolater.alarms{state=due}': 1,
      'nolater.alarms{state=delivering}': 2,
      'nolater.alarms.oldest_overdue': 25,
      'nolater.manager.deliverers': 1,
    })
  })

  it('reports what was given up, what rests, and what is paused', async () => {
    const metrics = openMetrics()
    const { clock, manager, set } = memory()
    measureManager(manager, { meter: metrics.meter })
    manager.deliveries(({ key }) => throwError(() => ({ retry: key === 'b' }))).subscribe()
    for (const key of ['a', 'b']) set(key, 1_000_000)
    await manager.pause({ prefix: 'c' })
    await manager.pause({ key: 'd' })
    clock.advance(100)
    expect(byName(await metrics.collect())).toEqual({
      ...nothing,
      'nolater.alarms{state=backing-off}': 1,
      'nolater.alarms{state=failed}': 1,
      'nolater.manager.deliverers': 1,
      'nolater.manager.pauses': 2,
    })
  })

  it('has units of seconds, and of what is counted', async () => {
    const metrics = openMetrics()
    measureManager(memory().manager, { meter: metrics.meter })
    const units = new Map((await metrics.collect()).map(({ name, unit }) => [name, unit]))
    expect(Object.fromEntries(units)).toEqual({
      'nolater.alarms': '{alarm}',
      'nolater.alarms.oldest_overdue': 's',
      'nolater.manager.deliverers': '{deliverer}',
      'nolater.manager.pauses': '{pause}',
      'nolater.manager.answering': '{manager}',
      'nolater.manager.stats.failures': '{failure}',
    })
  })

  it('counts those that deliver which were seen within half a minute', async () => {
    const metrics = openMetrics()
    const deliverers = [69_999, 70_000, 99_000].map(deliverer)
    measureManager(stageOf(async () => ({ ...stats, deliverers })).manager, { meter: metrics.meter })
    expect(byName(await metrics.collect())).toMatchObject({ 'nolater.manager.deliverers': 2 })
  })

  it('tells managers apart by their names', async () => {
    const metrics = openMetrics()
    const { meter } = metrics
    measureManager(stageOf(async () => stats).manager, { meter, name: 'tea' })
    measureManager(stageOf(() => Promise.reject(new Error('away'))).manager, { meter, name: 'milk' })
    expect(byName(await metrics.collect())).toMatchObject({
      'nolater.alarms{manager.name=tea,state=due}': 2,
      'nolater.alarms.oldest_overdue{manager.name=tea}': 1.5,
      'nolater.manager.answering{manager.name=tea}': 1,
      'nolater.manager.stats.failures{manager.name=tea}': 0,
      'nolater.manager.answering{manager.name=milk}': 0,
      'nolater.manager.stats.failures{manager.name=milk}': 1,
    })
  })

  it('asks once for a collection, and once for two of them at a time', async () => {
    const metrics = openMetrics(AggregationTemporality.CUMULATIVE, 2)
    const { asked, manager } = stageOf(async () => stats)
    measureManager(manager, { meter: metrics.meter })
    expect(asked).not.toHaveBeenCalled()
    await metrics.collect()
    expect(asked).toHaveBeenCalledTimes(1)
    await metrics.collect()
    expect(asked).toHaveBeenCalledTimes(2)
  })

  it('begins one call for a collection, where the answer is one that begins with each then', async () => {
    const metrics = openMetrics()
    let begun = 0
    const lazy = new Observable<ManagerStats>((subscriber) => {
      begun++
      subscriber.next(stats)
      subscriber.complete()
    })
    const lazily = (): PromiseLike<ManagerStats> => ({
      // biome-ignore lint/suspicious/noThenProperty: it is to be awaited
      then: (...handlers) => lastValueFrom(lazy).then(...handlers),
    })
    measureManager({ stats: lazily }, { meter: metrics.meter })
    expect(byName(await metrics.collect())).toMatchObject({ 'nolater.manager.answering': 1 })
    expect(begun).toBe(1)
  })

  it('removes its callback when it is unsubscribed, and says that it has no answer any more', async () => {
    const metrics = openMetrics(AggregationTemporality.DELTA)
    const { asked, manager } = stageOf(async () => stats)
    const measured = measureManager(manager, { meter: metrics.meter })
    await metrics.collect()
    measured.unsubscribe()
    expect(byName(await metrics.collect())).toEqual({ 'nolater.manager.answering': -1 })
    expect(asked).toHaveBeenCalledTimes(1)
  })

  it.each(['answers', 'fails'])(
    'reports nothing of a call that %s after it was unsubscribed',
    async (how) => {
      const metrics = openMetrics()
      const error = openLog()
      const { promise, resolve, reject } = Promise.withResolvers<ManagerStats>()
      const { asked, manager } = stageOf(() => promise)
      const measured = measureManager(manager, { meter: metrics.meter })
      const collected = metrics.collect()
      await vi.waitFor(() => expect(asked).toHaveBeenCalled())
      measured.unsubscribe()
      if (how === 'answers') resolve(stats)
      else reject(new Error('closed'))
      expect(byName(await collected)).toEqual({
        'nolater.manager.answering': 0,
        'nolater.manager.stats.failures': 0,
      })
      expect(error).not.toHaveBeenCalled()
    },
  )

  it.each([
    ['no manager', undefined, {}],
    ['a manager without stats', { write: () => [] }, {}],
    ['no meter', { stats: async () => stats }, { meter: undefined }],
    ['a provider for its meter', { stats: async () => stats }, { meter: { getMeter() {} } }],
    ['a name that is empty', { stats: async () => stats }, { name: '' }],
    ['a name that is none', { stats: async () => stats }, { name: 5 }],
    ['a limit that is none', { stats: async () => stats }, { timeout: 0 }],
  ])('refuses %s at once', (_, manager, more) => {
    const { meter } = openMetrics()
    expect(() => measureManager(manager as never, { meter, ...more } as never)).toThrow(
      expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' }),
    )
  })

  it('refuses to measure into nothing', () => {
    expect(() => measureManager(memoryManager(), undefined as never)).toThrow(
      expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' }),
    )
  })
})

describe('a manager that does not say how it stands', () => {
  const failed = { 'nolater.manager.answering': 0, 'nolater.manager.stats.failures': 1 }

  it.each<[string, () => PromiseLike<ManagerStats>]>([
    ['rejects', () => Promise.reject(new Error('away'))],
    [
      'throws',
      () => {
        throw new Error('closed')
      },
    ],
    ['answers with half of it', async () => ({ ...stats, paused: undefined }) as never],
    ['answers with nothing', async () => undefined as never],
  ])('is counted where it %s, and nothing else is reported of it', async (_, answer) => {
    const metrics = openMetrics()
    const error = openLog()
    measureManager(stageOf(answer).manager, { meter: metrics.meter })
    const other = metrics.meter.createCounter('other')
    other.add(7)
    expect(byName(await metrics.collect())).toEqual({ ...failed, other: 7 })
    expect(error).toHaveBeenCalledTimes(1)
    expect(byName(await metrics.collect())).toMatchObject({ 'nolater.manager.stats.failures': 2 })
  })

  it('does not have what it answered last reported again, and is reported again when it answers', async () => {
    const metrics = openMetrics(AggregationTemporality.DELTA)
    let answer = async () => stats
    measureManager(stageOf(() => answer()).manager, { meter: metrics.meter })
    expect(byName(await metrics.collect())).toMatchObject({
      'nolater.alarms{state=due}': 2,
      'nolater.manager.answering': 1,
    })
    answer = () => Promise.reject(new Error('away'))
    expect(byName(await metrics.collect())).toEqual({
      'nolater.manager.answering': -1,
      'nolater.manager.stats.failures': 1,
    })
    answer = async () => stats
    expect(byName(await metrics.collect())).toMatchObject({
      'nolater.alarms{state=due}': 2,
      'nolater.manager.answering': 1,
    })
  })

  it('is awaited for 5 s and no longer, and never asked a second time meanwhile', async () => {
    const metrics = openMetrics()
    const error = openLog()
    const clock = virtualClock()
    const answers: ((stats: ManagerStats) => void)[] = []
    const { asked, manager } = stageOf(() => new Promise((resolve) => answers.push(resolve)))
    measureManager(manager, { meter: metrics.meter, scheduler: clock })
    metrics.meter.createCounter('other').add(7)
    for (const failures of [1, 2]) {
      const ended = vi.fn()
      const collected = metrics.collect().finally(ended)
      await clock.advanceAsync(4_999)
      expect(ended).not.toHaveBeenCalled()
      await clock.advanceAsync(1)
      expect(byName(await collected)).toEqual({
        'nolater.manager.answering': 0,
        'nolater.manager.stats.failures': failures,
        other: 7,
      })
      expect(error).toHaveBeenLastCalledWith(
        expect.any(String),
        expect.objectContaining({ code: 'ALARM_TIMEOUT' }),
      )
    }
    expect(asked).toHaveBeenCalledTimes(1)
    answers[0]?.({ ...stats, paused: [] })
    await clock.advanceAsync(0)
    const collected = metrics.collect()
    await clock.advanceAsync(0)
    answers[1]?.(stats)
    expect(byName(await collected)).toMatchObject({
      'nolater.manager.pauses': 1,
      'nolater.manager.answering': 1,
      'nolater.manager.stats.failures': 2,
    })
  })

  it('is awaited for as long as was asked for', async () => {
    const metrics = openMetrics()
    const clock = virtualClock()
    const { manager } = stageOf(() => new Promise(() => {}))
    measureManager(manager, { meter: metrics.meter, scheduler: clock, timeout: 20 })
    const collected = metrics.collect()
    await clock.advanceAsync(20)
    expect(byName(await collected)).toEqual(failed)
  })

  it('may fail after that, and nothing is left unhandled', async () => {
    const metrics = openMetrics()
    const clock = virtualClock()
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const { promise, reject } = Promise.withResolvers<ManagerStats>()
    measureManager(stageOf(() => promise).manager, { meter: metrics.meter, scheduler: clock })
    const collected = metrics.collect()
    await clock.advanceAsync(5_000)
    await collected
    reject(new Error('away'))
    await new Promise((resolve) => setTimeout(resolve))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })
})

describe('what a meter throws at measureManager', () => {
  const boom = (): never => {
    throw new Error('boom')
  }

  it.each([
    'createObservableGauge',
    'createCounter',
    'createUpDownCounter',
    'addBatchObservableCallback',
    'removeBatchObservableCallback',
  ])('goes to diag, where %s does', (name) => {
    const error = openLog()
    const meter = Object.create(openMetrics().meter, { [name]: { value: boom } })
    measureManager(memoryManager(), { meter }).unsubscribe()
    expect(error).toHaveBeenCalled()
  })

  it.each(['answers', 'fails'])(
    'is thrown neither at the reader nor at the end, where the manager %s',
    async (how) => {
      const error = openLog()
      const { meter } = openMetrics()
      const counter = { value: () => ({ add: boom }) }
      const added = vi.fn<Meter['addBatchObservableCallback']>()
      const broken = Object.create(meter, {
        createCounter: counter,
        createUpDownCounter: counter,
        addBatchObservableCallback: { value: added },
      })
      const answer = async () => (how === 'answers' ? stats : Promise.reject(new Error('away')))
      const measured = measureManager(stageOf(answer).manager, { meter: broken })
      const observe = vi.fn()
      await added.mock.calls[0]?.[0]({ observe })
      expect(observe).toHaveBeenCalledTimes(how === 'answers' ? 8 : 0)
      const said = error.mock.calls.filter(([message]) => message.includes('did not say how it stands'))
      expect(said).toHaveLength(how === 'answers' ? 0 : 1)
      expect(() => measured.unsubscribe()).not.toThrow()
    },
  )

  it('leaves what it observes', async () => {
    openLog()
    const metrics = openMetrics()
    const counter = { value: () => ({ add: boom }) }
    const meter = Object.create(metrics.meter, { createCounter: counter, createUpDownCounter: counter })
    measureManager(stageOf(async () => stats).manager, { meter })
    expect(Object.keys(byName(await metrics.collect()))).toHaveLength(8)
  })
})
