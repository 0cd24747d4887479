import { postgresManager, postgresStore } from 'nolater/postgres'
import { takeWhile } from 'rxjs'

const manager = postgresManager({ connectionString: process.env.DATABASE_URL }) // its tables: the schema nolater
const store = await postgresStore({ key: '42', manager })

if (store.alarm.time === null) {
  // Your statements and the alarm, in one transaction. The manager has the alarm before it is committed.
  await store.commitWith(async (client) => {
    await client.query('CREATE TABLE IF NOT EXISTS tea (actor text, note text)')
    await client.query("INSERT INTO tea VALUES ('42', 'is ready')")
    store.alarm.setIn(3_000)
  })
}

const wake = () =>
  store.commitWith(async (client) => {
    const { rows } = await client.query("DELETE FROM tea WHERE actor = '42' RETURNING note")
    for (const { note } of rows) console.log('tea', note)
    store.alarm.delete() // in the same transaction, so that this row is there whenever the alarm is
  })

manager
  .deliveries((delivery) => store.alarm.deliver(delivery, wake))
  .pipe(takeWhile(({ kind }) => kind !== 'done')) // without this line it runs until unsubscribed
  .subscribe({
    next: (event) => event.kind === 'failed' && console.error(event.error),
    complete: async () => [await store.close(), await manager.close()],
  })
