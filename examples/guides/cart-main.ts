/** Runs the cart in a process of its own: two items are left alone, so they are mailed, and the cart is emptied. */
import { sqliteManager, sqliteStore } from 'nolater/sqlite'
import { filter, finalize, of, take } from 'rxjs'
import { openCart } from './cart.ts'

const manager = sqliteManager({ file: 'alarms.db' }) // wakes actors: one for all of them
const store = sqliteStore({ file: 'cart-42.db', key: '42', manager }) // one for each actor
const mail = (items: string[]) => of(console.log(`Still want ${items.join(' and ')}?`))
const cart = openCart(store, 300, mail)

cart.add('tea').subscribe(console.log)
cart.add('milk').subscribe(console.log)

manager
  .deliveries(cart.deliver)
  .pipe(
    filter(({ kind }) => kind === 'done'),
    take(1),
    finalize(() => [store.close(), manager.close()]),
  )
  .subscribe(() => console.log(`${cart.items().length} items are left`))
