import { concatMap, defer, type Observable, type ObservableInput, type SchedulerLike } from 'rxjs'
import { asRun } from '../../changes/handler-run.ts'
import type { FleetDelivery } from '../../fleet/actor-fleet.ts'
import type { Fleet } from '../../fleet/open-fleet.ts'
import { restarted } from '../../fleet/restarted.ts'
import type { DeliveryEvent } from '../../vocabulary/manager.ts'
import type { SqliteManager } from '../sqlite-manager.ts'

/** What the deliveries of a fleet are made with. */
interface DeliveryParts {
  readonly manager: SqliteManager
  readonly fleet: Fleet
  readonly scheduler: SchedulerLike
  readonly concurrency: number
  handler(delivery: FleetDelivery): ObservableInput<unknown>
  readonly abandon: ((key: string, scheduledTime: number) => unknown) | undefined
  /** They begin, again where they had failed. */
  begun(): void
  /** nothing is delivered until it is tried again */
  failed(error: unknown): void
}

/** Delivers the alarms of a manager to the actors of its fleet. What a handler changes is its run's, and ends with it. */
export function fleetDeliveries({
  manager,
  fleet,
  scheduler,
  concurrency,
  handler,
  abandon,
  begun,
  failed,
}: DeliveryParts): Observable<DeliveryEvent> {
  const delivered = (): Observable<DeliveryEvent> =>
    manager.deliveries(
      (delivery) =>
        asRun('The handler', undefined, () =>
          fleet.deliver(delivery, ({ scheduledTime, id, retryCount, isRetry }) =>
            handler({ key: delivery.key, scheduledTime, id, retryCount, isRetry }),
          ),
        ),
      {
        concurrency,
        ...(abandon !== undefined && {
          abandon: (key, time, delivery) =>
            asRun('abandon', undefined, () => Promise.resolve(abandon(key, time))).pipe(
              concatMap(() => fleet.abandon(key, time, delivery)),
            ),
        }),
      },
    )

  return defer(() => {
    begun()
    return delivered()
  }).pipe(restarted(scheduler, failed))
}
