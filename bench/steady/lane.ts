// A process of its own: a million actors in memory, each of whose handlers sets its next alarm.
import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { EMPTY, of } from 'rxjs'
import { memoryManager, openFleet } from '../nolater.ts'

const [actors, seconds, period] = process.argv.slice(2).map(Number) as [number, number, number]
const WARM_UP = 20_000 // ms
const MS = 1e6 // ns

const manager = memoryManager()
const fleet = openFleet({
  load: () => of({ time: null, epoch: 1 }),
  commit: () => EMPTY,
  write: (time, info) => manager.write(info.key, time, info),
  reconcile: false,
  idleAfter: Infinity,
  maxActors: Infinity,
})

const lateness = createHistogram()
let fires = 0
let isMeasured = false

const start = Date.now() + WARM_UP / 2
for (let i = 0; i < actors; i++) fleet.actor(`actor-${i}`).set(start + Math.floor((i * period) / actors))

const deliveries = manager
  .deliveries((delivery) =>
    fleet.deliver(delivery, ({ scheduledTime }) => {
      if (isMeasured) {
        fires++
        lateness.record(Math.max(1, Date.now() - scheduledTime))
      }
      fleet.actor(delivery.key).set(scheduledTime + period)
      return EMPTY
    }),
  )
  .subscribe()

setTimeout(measure, start + WARM_UP / 2 - Date.now())

function measure(): void {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const rss: number[] = []
  const weighing = setInterval(() => rss.push(process.memoryUsage.rss()), 1_000)
  delay.enable()
  isMeasured = true
  setTimeout(() => {
    delay.disable()
    clearInterval(weighing)
    deliveries.unsubscribe()
    process.send!({
      firesPerSecond: fires / seconds,
      lateness: { p50: lateness.percentile(50), p99: lateness.percentile(99), max: lateness.max },
      // The histogram counts from one look to the next, a millisecond apart.
      delay: {
        p50: delay.percentile(50) / MS - 1,
        p99: delay.percentile(99) / MS - 1,
        max: delay.max / MS - 1,
      },
      rss,
    })
  }, seconds * 1_000)
}
