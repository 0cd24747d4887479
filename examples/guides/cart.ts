/** A shopping cart that is emptied when nobody has touched it for `idle` ms. */
import type { DeliveryOutcome, Wakeup } from 'nolater'
import type { ActorStore } from 'nolater/sqlite'
import { EMPTY, type Observable, of } from 'rxjs'

export interface Cart {
  /** Emits the answer once the item and the alarm are durable. */
  add(item: string): Observable<string>
  pay(): void
  items(): string[]
  /** For the manager's deliveries. */
  deliver(wakeup: Wakeup): Observable<DeliveryOutcome>
}

export function openCart(store: ActorStore, idle: number): Cart {
  const { alarm, sql } = store
  sql.exec('CREATE TABLE IF NOT EXISTS item (name TEXT)')

  return {
    add(item) {
      store.transaction(() => {
        sql.run('INSERT INTO item VALUES (?)', item)
        alarm.setIn(idle)
      })
      return of(`${item} is in your cart`).pipe(alarm.holdUntilConfirmed())
    },
    pay() {
      store.transaction(() => {
        sql.run('DELETE FROM item')
        alarm.delete()
      })
    },
    items: () => sql.all<{ name: string }>('SELECT name FROM item').map(({ name }) => name),
    deliver: (wakeup) =>
      alarm.deliver(wakeup, () => {
        sql.run('DELETE FROM item') // may run twice: it must not matter
        return EMPTY
      }),
  }
}
