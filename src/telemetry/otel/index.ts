/**
 * Metrics and spans for OpenTelemetry.
 *
 * @module nolater/otel
 */
export { type ManagerMeasuring, measureManager } from './measure-manager.ts'
export { type AlarmTracing, traceAlarms } from './trace-alarms.ts'
export { traceDeliveries } from './trace-deliveries.ts'
