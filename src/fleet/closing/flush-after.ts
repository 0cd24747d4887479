import { Observable } from 'rxjs'
import type { FleetEngine } from '../fleet-engine.ts'

/** Brings through what was asked of an engine, once others that ask it have left; what keeps them from that is the error. */
export function flushAfter(
  leave: () => Promise<void>,
  engine: Pick<FleetEngine<string>, 'refuse' | 'flush'>,
): Observable<never> {
  return new Observable((subscriber) => {
    leave().then(
      () => {
        engine.refuse()
        subscriber.add(engine.flush().subscribe(subscriber))
      },
      (error) => subscriber.error(error),
    )
  })
}
