import type { AlarmTime } from '../../vocabulary/time.ts'

/** How a delivery ended, when it did not fail. */
export type DeliveryOutcome =
  | { readonly kind: 'ran'; readonly scheduledTime: number; readonly retryCount: number }
  | { readonly kind: 'rescheduled'; readonly scheduledTime: number; readonly time: AlarmTime }
