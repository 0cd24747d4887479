import { firstValueFrom } from 'rxjs'
import { type Alarm, openAlarm } from '../before/engine.js'
import { rival } from '../rival.ts'

export default rival<Alarm>({
  open: ({ commit, write }, initial, key) => openAlarm({ key, initial, commit, write, reconcile: false }),
  drained: (alarm) => firstValueFrom(alarm.drained()),
})
