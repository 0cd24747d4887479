import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { sqliteManager, sqliteStore } from 'nolater/sqlite'
import { finalize, of, take } from 'rxjs'

process.chdir(mkdtempSync(`${tmpdir()}/first-alarm-`))
const manager = sqliteManager({ file: 'alarms.db' })
const store = sqliteStore({ file: 'actor-42.db', key: '42', manager })

// State and alarm in one commit. The manager has the alarm before the commit is issued.
store.transaction((sql) => {
  sql.exec('CREATE TABLE tea (note TEXT)')
  sql.run('INSERT INTO tea VALUES (?)', 'is ready')
  store.alarm.set(Date.now() + 300)
})

// A reply leaves the actor only once what it speaks of is durable.
of('brewing').pipe(store.alarm.holdUntilConfirmed()).subscribe(console.log)

// The manager wakes the actor: never before its time, at least once, and again if this process dies.
const wake = () => of(console.log('tea', store.sql.all('SELECT note FROM tea')[0]?.note))
manager
  .deliveries((delivery) => store.alarm.deliver(delivery, wake))
  .pipe(
    take(2),
    finalize(() => [store.close(), manager.close()]),
  )
  .subscribe(({ kind }) => console.log(kind))
