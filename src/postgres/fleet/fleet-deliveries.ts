import {
  catchError,
  concatMap,
  defer,
  EMPTY,
  finalize,
  type Observable,
  type ObservableInput,
  switchMap,
  throwError,
} from 'rxjs'
import type { Condition } from '../../actor/lines.ts'
import { asRun } from '../../changes/handler-run.ts'
import type { FleetDelivery } from '../../fleet/actor-fleet.ts'
import type { FleetEngine } from '../../fleet/fleet-engine.ts'
import type { Fleet } from '../../fleet/open-fleet.ts'
import type { Resident } from '../../fleet/resident.ts'
import { restarted } from '../../fleet/restarted.ts'
import type { ShardWork } from '../../fleet/shard-work.ts'
import { retryUncounted } from '../../ledger/redelivery.ts'
import type { AlarmDelivery, DeliveryEvent, DeliveryOptions } from '../../vocabulary/manager.ts'
import type { AlarmTable, Answer } from '../alarm-table.ts'
import { type Deliveries, deliverDue, RELEASED } from '../deliver-due.ts'
import { delivererOf } from '../report-activity.ts'
import type { Ownership } from './own-shards.ts'

/** What the deliveries of a fleet are made with. */
interface DeliveryParts {
  readonly deliveries: Omit<Deliveries, 'deliverer'>
  readonly ownership: Ownership
  /** all that is under way, and the handlers of it */
  readonly work: ShardWork
  readonly handlers: ShardWork
  readonly engine: FleetEngine<string>
  readonly fleet: Fleet
  readonly concurrency: number
  shardOfKey(key: string): number
  handler(delivery: FleetDelivery): ObservableInput<unknown>
  readonly abandon: ((key: string, scheduledTime: number) => unknown) | undefined
  /** nothing is delivered until it is tried again */
  failed(error: unknown): void
  /** it has looked for what is due */
  looked(): void
}

const isStoreFree: Condition<Resident> = (actor) => actor.isStoreFree

/** Delivers the alarms of the shards that are owned, to their actors; under each process that this one is, one after the other. */
export function fleetDeliveries({
  deliveries,
  ownership,
  work,
  handlers,
  engine,
  fleet,
  concurrency,
  shardOfKey,
  handler,
  abandon,
  failed,
  looked,
}: DeliveryParts): Observable<DeliveryEvent> {
  const { scheduler } = deliveries

  /** Runs it, unless its shard is another one's by then: it is no failure of the handler's, and due at once there. */
  function owned<T>(key: string, run: () => ObservableInput<T>): Observable<T> {
    return defer(() => {
      const shard = shardOfKey(key)
      if (!ownership.takes(shard)) return throwError(() => RELEASED) // taken before it was to be given away
      const isLost = (): boolean => ownership.epochOf(shard) === null
      return defer(run).pipe(
        catchError((error) => throwError(() => (isLost() ? RELEASED : error))),
        finalize(work.begin(shard)),
        finalize(handlers.begin(shard)),
      )
    })
  }

  /** Of a commit in flight it may be, or of the alarm before: the engine can tell once that is answered. */
  function settled(key: string): Observable<void> {
    const actor = engine.use(key)
    engine.start(actor)
    return actor.loaded().pipe(concatMap(() => actor.when(isStoreFree)))
  }

  function deliver(delivery: AlarmDelivery): Observable<unknown> {
    const { key } = delivery
    return settled(key).pipe(
      concatMap(() =>
        fleet.deliver(delivery, ({ scheduledTime, id, retryCount, isRetry }) =>
          handler({ key, scheduledTime, id, retryCount, isRetry }),
        ),
      ),
      concatMap(({ kind }) => {
        if (kind === 'rescheduled') forget(key)
        return EMPTY
      }),
    )
  }

  /** Its row has another alarm than its memory, or had: which of them is right is in the row. */
  function forget(key: string): void {
    if (engine.find(key)?.work === null)
      engine.lose(
        (other) => other === key,
        () => null,
      )
  }

  const options: DeliveryOptions = {
    concurrency,
    ...(abandon !== undefined && {
      abandon: (key, time, delivery) =>
        owned(key, () =>
          settled(key).pipe(
            concatMap(() => asRun('abandon', undefined, () => Promise.resolve(abandon(key, time)))),
            concatMap(() => fleet.abandon(key, time, delivery)),
          ),
        ),
    }),
  }
  const table = keptUntilCommitted(deliveries.table, ownership, looked)

  return ownership.process$.pipe(
    switchMap((process) =>
      deliverDue(
        { ...deliveries, table, deliverer: delivererOf(process) },
        (delivery) => owned(delivery.key, () => asRun('The handler', undefined, () => deliver(delivery))),
        options,
      ).pipe(restarted(scheduler, failed)),
    ),
  )
}

/**
 * The row of an actor is removed by a commit of its, and by nothing else. An alarm that stands when its delivery is done is still wanted: it is
 * delivered again after a rest.
 */
function keptUntilCommitted(table: AlarmTable, ownership: Ownership, looked: () => void): AlarmTable {
  const nothing = { taken: [], isFull: false, nextIn: null }
  return {
    ...table,
    // Without a shard it would look through all that others have.
    async take(holder, most) {
      const look = ownership.shards.length === 0 ? nothing : await table.take(holder, most)
      looked()
      return look
    },
    answer: (answer) => table.answer(answer.isFenced ? standing(answer) : answer),
  }
}

function standing(answer: Answer): Answer {
  const { key, time, done, lastError } = answer.delivered
  const { failures, delay } = retryUncounted(key, answer.delivered)
  return { ...answer, time, done, begun: true, ...failures, lastError, due: { in: delay ?? 0 } }
}
