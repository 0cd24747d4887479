import { keepAlarm, memoryManager, setAlarm } from 'nolater'
import { of } from 'rxjs'

const manager = memoryManager()
const row = { alarm: null as number | null } // your store

of(setAlarm(60_000), setAlarm(30_000)) // ms since the epoch
  .pipe(
    keepAlarm({
      key: '42',
      commit: async (time) => {
        row.alarm = time // in the same transaction as the state that it belongs to
      },
      write: (time, info) => manager.write('42', time, info),
    }),
  )
  .subscribe({ complete: () => console.log(row.alarm, manager.get('42')) }) // 30000 30000
