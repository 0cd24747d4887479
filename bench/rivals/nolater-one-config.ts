import { firstValueFrom } from 'rxjs'
import { type Alarm, type AlarmConfig, openAlarm } from '../nolater.ts'
import { type Ports, rival } from '../rival.ts'

const configs = new WeakMap<Ports, AlarmConfig>()

/** All actors under one config, so that only the library's own record is weighed. */
export default rival<Alarm>({
  open(ports, initial) {
    const { commit, write } = ports
    const config = configs.get(ports) ?? { initial, commit, write, reconcile: false }
    configs.set(ports, config)
    return openAlarm(config)
  },
  drained: (alarm) => firstValueFrom(alarm.drained()),
})
