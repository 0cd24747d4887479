import type { Meter } from '@opentelemetry/api'

/** Makes the instruments of `measureManager`. What it observes is read when metrics are collected, so it is there when nothing happens. */
export function managerInstruments(meter: Meter) {
  return {
    observed: {
      alarms: meter.createObservableGauge('nolater.alarms', {
        description: 'Alarms that the manager holds, by their state.',
        unit: '{alarm}',
      }),
      oldestOverdue: meter.createObservableGauge('nolater.alarms.oldest_overdue', {
        description: 'How long the alarm that is due longest has not been delivered; 0 where none is due.',
        unit: 's',
      }),
      deliverers: meter.createObservableGauge('nolater.manager.deliverers', {
        description: 'Subscriptions that deliver, in any process, and reported within half a minute.',
        unit: '{deliverer}',
      }),
      pauses: meter.createObservableGauge('nolater.manager.pauses', {
        description: 'Pauses that were not ended.',
        unit: '{pause}',
      }),
    },
    answering: meter.createUpDownCounter('nolater.manager.answering', {
      description: 'Managers that answered when metrics were last collected.',
      unit: '{manager}',
    }),
    failures: meter.createCounter('nolater.manager.stats.failures', {
      description: 'Collections of metrics that the manager did not answer, or not in time.',
      unit: '{failure}',
    }),
  }
}
