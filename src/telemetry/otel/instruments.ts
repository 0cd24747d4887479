import type { Meter, MetricOptions } from '@opentelemetry/api'

const CALL = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
/** an alarm can be late for as long as nothing was there to be woken */
const LATE = [...CALL, 30, 60, 300, 900, 3600]

const seconds = (description: string, explicitBucketBoundaries: number[]): MetricOptions => ({
  description,
  unit: 's',
  advice: { explicitBucketBoundaries },
})

/** Makes the instruments of `traceAlarms`. Names, units and bounds follow OpenTelemetry's conventions for messaging. */
export function alarmInstruments(meter: Meter) {
  return {
    lag: meter.createHistogram(
      'nolater.delivery.lag',
      seconds('From the time of the alarm until the manager has woken the actor.', LATE),
    ),
    waitTime: meter.createHistogram(
      'nolater.delivery.wait_time',
      seconds('From the arrival of a delivery until its handler starts.', LATE),
    ),
    lateness: meter.createHistogram(
      'nolater.delivery.lateness',
      seconds('From the time of the alarm until its handler starts.', LATE),
    ),
    processing: meter.createHistogram(
      'nolater.delivery.process.duration',
      seconds('From the start of a handler until the manager is answered.', CALL),
    ),
    holdTime: meter.createHistogram(
      'nolater.precommit.hold_time',
      seconds('How long an earlier move waited for the write in flight.', CALL),
    ),
    commit: meter.createHistogram(
      'nolater.commit.duration',
      seconds('Duration of a commit in the store.', CALL),
    ),
    write: meter.createHistogram(
      'nolater.write.duration',
      seconds('Duration of a write to the manager.', CALL),
    ),
    intents: meter.createCounter('nolater.intents', {
      description: 'Alarms set and deleted, also to what they were.',
      unit: '{intent}',
    }),
    saved: meter.createCounter('nolater.write.saved', {
      description: 'Moves that needed no write of their own.',
      unit: '{write}',
    }),
    retries: meter.createCounter('nolater.write.retries', {
      description: 'Later writes that failed and are tried again.',
      unit: '{write}',
    }),
    givenUp: meter.createCounter('nolater.write.given_up', {
      description: 'Later writes that are not tried again: the manager may be early.',
      unit: '{write}',
    }),
    fenced: meter.createCounter('nolater.write.fenced', {
      description: 'Writes that were refused because another incarnation owns the actor.',
      unit: '{write}',
    }),
    rescheduled: meter.createCounter('nolater.delivery.rescheduled', {
      description: 'Deliveries that came too early and were put right.',
      unit: '{delivery}',
    }),
    violations: meter.createCounter('nolater.violations', {
      description: 'Deliveries that show that the manager was later than the store.',
      unit: '{violation}',
    }),
    busy: meter.createUpDownCounter('nolater.actor.busy', {
      description: 'Actors with something in flight, held or being handled.',
      unit: '{actor}',
    }),
    writing: meter.createUpDownCounter('nolater.write.active', {
      description: 'Writes in flight.',
      unit: '{write}',
    }),
  }
}

/** Makes those of `traceDeliveries`. */
export function deliveryInstruments(meter: Meter) {
  return {
    lag: meter.createHistogram(
      'nolater.manager.lag',
      seconds('From when a delivery was due, back-off included, until the manager made it.', LATE),
    ),
    stalls: meter.createCounter('nolater.manager.stalls', {
      description: 'Tries that failed while the storage of the manager was in trouble that can pass.',
      unit: '{try}',
    }),
    stallTime: meter.createHistogram(
      'nolater.manager.stall_time',
      seconds('How long nothing was delivered because the storage failed, once it works again.', LATE),
    ),
    deliveries: meter.createCounter('nolater.manager.deliveries', {
      description: 'Deliveries that have ended, by how.',
      unit: '{delivery}',
    }),
  }
}
