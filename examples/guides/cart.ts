/** A shopping cart that is mailed to its owner, and emptied, once it was left alone for `idle` ms. */
import type { DeliveryOutcome, Wakeup } from 'nolater'
import type { ActorStore } from 'nolater/sqlite'
import { concat, defer, EMPTY, type Observable, type ObservableInput, of } from 'rxjs'

export interface Cart {
  /** Emits the answer once the item and the alarm are durable. */
  add(item: string): Observable<string>
  pay(): void
  items(): string[]
  /** For the manager's deliveries. */
  deliver(wakeup: Wakeup): Observable<DeliveryOutcome>
}

export function openCart(
  store: ActorStore,
  idle: number,
  mail: (items: string[]) => ObservableInput<unknown>,
): Cart {
  const { alarm, sql } = store
  // AUTOINCREMENT: an id is never used again, so what is deleted by its id is what was read.
  sql.exec('CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT)')
  const read = () => sql.all<{ id: number; name: string }>('SELECT id, name FROM item ORDER BY id')

  return {
    add(item) {
      store.transaction(() => {
        sql.run('INSERT INTO item (name) VALUES (?)', item)
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
    items: () => read().map(({ name }) => name),
    deliver: (wakeup) =>
      alarm.deliver(wakeup, () => {
        const items = read()
        if (items.length === 0) return EMPTY // added just as its alarm went off, and mailed with that
        return concat(
          mail(items.map(({ name }) => name)), // takes its time: items are added meanwhile
          defer(() => {
            for (const { id } of items) sql.run('DELETE FROM item WHERE id = ?', id)
            return EMPTY
          }),
        )
      }),
  }
}
