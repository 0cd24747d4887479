/** A reminder is at 10: which changes must reach the scheduler before they are committed? */
import { type AlarmTime, classifyMoves, deleteAlarm, setAlarm } from 'nolater'
import { map, of } from 'rxjs'

const bound: AlarmTime = 10
const wishes$ = of(setAlarm(5), setAlarm(20), setAlarm(10), deleteAlarm())

wishes$
  .pipe(
    classifyMoves(bound),
    map(({ move, time }) => `${time} ${move}`),
  )
  .subscribe(console.log) // 5 earlier, 20 later, 10 same, null later

// What one writes by hand: null counts as 0, so a deletion goes to the scheduler first, and may be lost with the commit.
wishes$
  .pipe(map((wish) => (wish.kind === 'set' ? wish.time : null)))
  .subscribe((time) => console.log(`${time} ${(time as number) < bound ? 'earlier' : 'later'}`)) // 5 earlier, 20 later, 10 later, null earlier
