import { type Alarm, openAlarm } from '../nolater.ts'
import { rival } from '../rival.ts'

export default rival<Alarm>({
  open: ({ commit, write }, initial, key) => openAlarm({ key, initial, commit, write, reconcile: false }),
  drained: (alarm) => alarm.drained(),
})
