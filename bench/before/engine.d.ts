export { type Alarm, openAlarm } from '../../dist/index.js'
