/** A reminder is at 10: which changes must reach the scheduler before they are committed? */
import { type AlarmTime, classifyMoves, deleteAlarm, setAlarm } from 'nolater'
import { from } from 'rxjs'

const bound: AlarmTime = 10
const wishes = [setAlarm(5), setAlarm(20), setAlarm(10), deleteAlarm()]

from(wishes)
  .pipe(classifyMoves(bound))
  .subscribe(({ move, time }) => console.log(time, move)) // 5 earlier, 20 later, 10 same, null later

// As `<` compares: a deletion would reach the scheduler before its commit, which may fail.
const byHand = (time: AlarmTime) => (Number(time) < bound ? 'earlier' : 'later')
console.log('by hand', null, byHand(null)) // by hand null earlier
