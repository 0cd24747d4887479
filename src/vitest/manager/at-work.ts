import { Observable, type Subscriber } from 'rxjs'
import type { AlarmDelivery } from '../../index.ts'

/** A handler that ends on command, and counts those at work. */
export interface AtWork {
  handler(delivery: AlarmDelivery): Observable<never>
  /** one for each call, in order */
  readonly calls: readonly { readonly key: string; done(): void; fail(error: unknown): void }[]
  /** keys of those that ended or were stopped */
  readonly ended: readonly string[]
  most(): number
}

export function atWork(): AtWork {
  const calls: { key: string; done(): void; fail(error: unknown): void }[] = []
  const ended: string[] = []
  let now = 0
  let most = 0
  return {
    calls,
    ended,
    most: () => most,
    handler: ({ key }) =>
      new Observable((subscriber: Subscriber<never>) => {
        most = Math.max(most, ++now)
        calls.push({
          key,
          done: () => subscriber.complete(),
          fail: (error) => subscriber.error(error),
        })
        return () => {
          now--
          ended.push(key)
        }
      }),
  }
}
