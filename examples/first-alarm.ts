import { sqliteManager, sqliteStore } from 'nolater/sqlite'
import { EMPTY, of, takeWhile } from 'rxjs'

const manager = sqliteManager({ file: 'alarms.db' }) // when to wake each actor: one for all of them
const store = sqliteStore({ file: 'tea.db', key: 'tea', manager }) // an actor: its state and its alarm
store.sql.exec('CREATE TABLE IF NOT EXISTS tea (id INTEGER PRIMARY KEY AUTOINCREMENT, note TEXT)')

if (store.alarm.time === null) {
  // State and alarm in one commit. The manager has the alarm before the commit is issued.
  store.transaction((sql) => {
    sql.run('INSERT INTO tea (note) VALUES (?)', 'is ready')
    store.alarm.setIn(3_000)
  })
  // A reply leaves the actor only once what it speaks of is durable.
  of('brewing').pipe(store.alarm.holdUntilConfirmed()).subscribe(console.log)
}

function wake() {
  for (const { id, note } of store.sql.all<{ id: number; note: string }>('SELECT id, note FROM tea')) {
    console.log('tea', note)
    store.sql.run('DELETE FROM tea WHERE id = ?', id) // what was read; committed together with the end of the alarm
  }
  return EMPTY // or a promise, or any Observable: its end means handled, its error means try again
}

manager
  .deliveries((delivery) => store.alarm.deliver(delivery, wake))
  .pipe(takeWhile(({ kind }) => kind !== 'done')) // without this line it runs until unsubscribed
  .subscribe({
    next: (event) => event.kind === 'failed' && console.error(event.error),
    complete: () => [store.close(), manager.close()],
  })
