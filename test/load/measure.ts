import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Trend, trendOf } from './flat.ts'
import type { Load, Scenario } from './scenario.ts'

/** Of many durations, ms. */
export interface Durations {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface Measured {
  readonly name: string
  readonly what: string
  readonly issued: number
  /** a second */
  readonly achieved: number
  readonly heap: { readonly first: number; readonly last: number; readonly trend: Trend }
  /** by which a timer came late, whoever else kept the processor busy */
  readonly late: Durations
  /** processor time of this thread between two turns of its event loop: how long it keeps others waiting by itself */
  readonly busy: Durations
  readonly says: string
  readonly faults: readonly string[]
}

const RESOLUTION = 10 // ms between two looks of the histogram, which it counts as delay
const RESPONSIVE = 50 // ms of its own work, the 99th percentile
const REST = 100 // ms before each look at the heap; what is due meanwhile is done after it
const SETTLE = 3_000 // ms after the last intent, for what is on its way

/** Does `rate` a second for so many seconds, and looks at the heap once a second, after a full collection. Needs --expose-gc. */
export async function measure(
  scenario: Scenario,
  folder: string,
  seconds: number,
  isLeaky: boolean,
): Promise<Measured> {
  const { gc } = globalThis
  if (gc === undefined) throw new Error('memory can be measured with node --expose-gc only')
  const { name, what, rate } = scenario
  const load = scenario.open(folder)
  const heap: number[] = []
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION })
  const pace = startPace(load, rate, isLeaky)
  histogram.enable()
  for (let second = 1; second <= seconds; second++) {
    await sleep(Math.max(0, pace.startedAt + second * 1_000 - performance.now()))
    histogram.disable()
    pace.hold(true) // what is on its way comes and goes: it is no part of what stays
    await sleep(REST)
    gc()
    heap.push(process.memoryUsage().heapUsed)
    pace.hold(false)
    histogram.enable()
  }
  histogram.disable()
  const { issued, elapsed, busy } = pace.stop()
  await sleep(SETTLE)
  const { says, fault } = load.result()
  const ms = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION)
  const late = {
    p50: ms(histogram.percentile(50)),
    p99: ms(histogram.percentile(99)),
    max: ms(histogram.max),
  }
  const achieved = issued / (elapsed / 1_000)
  const trend = trendOf(heap)
  const faults = fault === null ? [] : [fault]
  if (!trend.isFlat) faults.push(`the heap grows by ${Math.round(trend.slope)} bytes a second`)
  if (busy.p99 > RESPONSIVE) faults.push(`it keeps the event loop busy for ${busy.p99.toFixed(0)} ms`)
  if (achieved < rate * 0.9)
    faults.push(`only ${Math.round(achieved)} ${what} a second: too much for this machine`)
  return {
    name,
    what,
    issued,
    achieved,
    heap: { first: heap[0]!, last: heap.at(-1)!, trend },
    late,
    busy,
    says,
    faults,
  }
}

const cpu = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

/** Does in each turn what is due by then, and no more than a twentieth of a second's worth, so that others get their turns. */
function startPace(load: Load, rate: number, isLeaky: boolean) {
  const startedAt = performance.now()
  const kept: object[] = []
  const tenths = new Uint32Array(10_000) // how often a turn took so many tenths of a ms; the last: longer
  let before = cpu()
  let issued = 0
  let held = false

  const turn = (): void => {
    if (held) return
    const now = cpu()
    tenths[Math.min(tenths.length - 1, Math.round((now - before) * 10))]!++
    before = now
    const due = Math.floor(((performance.now() - startedAt) / 1_000) * rate)
    const count = Math.min(due - issued, Math.ceil(rate / 20))
    if (count <= 0) return
    load.issue(count, issued)
    for (let n = issued; isLeaky && n < issued + count; n++) if (n % 1_000 === 0) kept.push({ n })
    issued += count
  }

  const timer = setInterval(turn, 1)
  return {
    startedAt,
    hold(isHeld: boolean) {
      held = isHeld
      before = cpu() // what was done meanwhile was the measurement's
    },
    stop() {
      clearInterval(timer)
      return { issued, elapsed: performance.now() - startedAt, busy: summary(tenths), kept }
    },
  }
}

function summary(tenths: Uint32Array): Durations {
  const all = tenths.reduce((sum, times) => sum + times, 0)
  const at = (share: number): number => {
    let seen = 0
    const isReached = (times: number): boolean => {
      seen += times
      return seen >= share * all
    }
    return Math.max(0, tenths.findIndex(isReached)) / 10
  }
  return { p50: at(0.5), p99: at(0.99), max: tenths.findLastIndex((times) => times > 0) / 10 }
}
