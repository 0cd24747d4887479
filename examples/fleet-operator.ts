import { type Fleet, keepAlarms, setAlarmIn } from 'nolater'
import { sqliteManager, sqliteStores } from 'nolater/sqlite'
import { count, EMPTY, filter, map, range, take, tap } from 'rxjs'

const manager = sqliteManager({ file: 'alarms.db' })
const stores = sqliteStores({ file: 'actors.db', manager })
stores.sql.exec('CREATE TABLE IF NOT EXISTS brewed (pot TEXT)')

// What a handler changes is committed together with the deletion of the alarm that woke it.
const brew = (pot: string) => {
  stores.change(pot, (sql) => sql.run('INSERT INTO brewed VALUES (?)', pot))
  return EMPTY
}
const deliveries = (fleet: Fleet) =>
  manager.deliveries((delivery) => fleet.deliver(delivery, () => brew(delivery.key)), {
    concurrency: 1000,
    abandon: fleet.abandon,
  })

let committed = 0
range(1, 1000)
  .pipe(
    map((n) => ({ key: `pot ${n}`, ...setAlarmIn(500) })),
    keepAlarms({ ...stores, deliveries }),
    tap(({ kind }) => {
      if (kind === 'commit-acknowledged' && ++committed === 1000) console.log('1000 alarms are durable')
    }),
    filter(({ kind }) => kind === 'delivery-done'),
    take(1000),
    count(),
  )
  .subscribe(async (woken) => {
    console.log(woken, 'woken')
    console.log(stores.sql.get('SELECT count(DISTINCT pot) AS pots FROM brewed')?.pots, 'brewed')
    await stores.close()
    await manager.close()
  })
