// What users rely on that types say of themselves. Compiled in a fresh project by every supported TypeScript; it has nothing to run.
import {
  type Alarm,
  type AlarmConfig,
  type AlarmDelivery,
  type AlarmEvent,
  type AlarmIntent,
  type AlarmManager,
  type AlarmTime,
  classifyMoves,
  conflateMap,
  deleteAlarm,
  type Fleet,
  gate,
  keepAlarm,
  keepAlarms,
  latestWhen,
  maxPostpone,
  memoryManager,
  multiplexTimers,
  openAlarm,
  openFleet,
  setAlarm,
} from 'nolater'
import { sqliteManager, sqliteStore, sqliteStores } from 'nolater/sqlite'
import { EMPTY, from, type Observable, of } from 'rxjs'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
/** Compiles only where both are the same type. */
export const same = <A, B>(..._: Same<A, B> extends true ? [] : ['these types differ']): void => {}
type Emitted<S> = S extends Observable<infer T> ? T : never

const commit: AlarmConfig['commit'] = () => EMPTY
const write: AlarmConfig['write'] = async () => {}
const alarm = openAlarm({ commit, write })
const intents$ = of(setAlarm(1), setAlarm(new Date()), deleteAlarm({ allowUnconfirmed: true }))
same<Emitted<typeof intents$>, AlarmIntent>()

// A store and a manager may answer with an Observable, a promise or an iterable; not with nothing.
openAlarm({ commit: async () => {}, write: () => [] })
// @ts-expect-error: nobody would know when it is durable
openAlarm({ commit: () => {}, write })
// @ts-expect-error: there must be a manager
openAlarm({ commit })

// Times
same<typeof alarm.time, number | null>()
alarm.set(1)
alarm.set(new Date())
// @ts-expect-error: to remove the alarm use delete()
alarm.set(null)
// @ts-expect-error: no text
alarm.set('2030-01-01')
// @ts-expect-error: asked for by set alone
alarm.time = 1

// A handler ends, and says so.
const delivery: AlarmDelivery = { key: '42', scheduledTime: 1, fence: 1, retryCount: 0 }
alarm.deliver(delivery, async () => {})
alarm.deliver(delivery, ({ scheduledTime, isRetry }) => of(scheduledTime, isRetry))
// @ts-expect-error: when is it done?
alarm.deliver(delivery, () => {})

// The gate, and the parts, keep the type of what goes through.
same<typeof replies$, Observable<{ readonly body: string }>>()
const replies$ = from<{ readonly body: string }[]>([]).pipe(
  alarm.holdUntilConfirmed(),
  gate(of(true)),
  latestWhen(of(true)),
)
const lengths$ = of('a').pipe(conflateMap((text, index) => [text.length + index]))
same<Emitted<typeof lengths$>, number>()
const moves$ = intents$.pipe(classifyMoves(() => alarm.time))
same<Emitted<typeof moves$>['move'], 'earlier' | 'later' | 'same'>()
const limited$ = intents$.pipe(maxPostpone(60_000))
same<Emitted<typeof limited$>['limit'], AlarmTime>()
limited$.pipe(keepAlarm({ commit, write })) // still intents

// Events are told apart by their kind.
const events$ = intents$.pipe(keepAlarm({ commit, write }))
same<Emitted<typeof events$>, AlarmEvent>()
export function told(event: AlarmEvent): number | null | undefined {
  switch (event.kind) {
    case 'write-issued':
      return event.fence
    case 'drained':
      return event.time
    // @ts-expect-error: there is none of this kind
    case 'write-isued':
      return undefined
    default:
      return event.at
  }
}

// Keys keep their type in a fleet.
type Pot = `pot ${number}`
const fleet = openFleet<Pot>({
  load: (key) => of({ time: null, epoch: key.length }),
  commit: (time, { key }) => of([time satisfies AlarmTime, key satisfies Pot]),
  write: () => EMPTY,
})
same<typeof fleet, Fleet<Pot>>()
same<ReturnType<typeof fleet.actor>, Alarm>()
fleet.actor('pot 1')
// @ts-expect-error: no key of this fleet
fleet.actor('cup 1')
const keyed$ = of({ key: 'pot 1' as const, ...setAlarm(1) }).pipe(
  keepAlarms<Pot>({ load: () => [], commit, write }),
)
same<Emitted<typeof keyed$>['key'], Pot>()

// A manager of one's own needs two functions; those of the library fit wherever one is wanted.
const own: AlarmManager = { write: async () => {}, deliveries: () => EMPTY }
const managers: AlarmManager[] = [own, memoryManager(), sqliteManager({ file: 'alarms.db' })]
const store = sqliteStore({ file: 'actor.db', key: '42', manager: managers[0] ?? own })
openFleet(sqliteStores({ file: 'actors.db', manager: own }))
same<typeof store.alarm, Alarm>()
const row = store.sql.get<{ note: string }>('SELECT note FROM tea WHERE pot = ?', 1)
same<typeof row, { note: string } | undefined>()
// @ts-expect-error: what SQLite cannot bind
store.sql.run('INSERT INTO tea VALUES (?)', { note: 'ready' })
const counted = store.transaction((sql) => sql.all('SELECT note FROM tea').length)
same<typeof counted, number>()
for (const event of [] as Emitted<ReturnType<AlarmManager['deliveries']>>[]) {
  if (event.kind === 'failed') same<typeof event.retryAt, number | null>()
}

// Timers
const timers = multiplexTimers({
  alarm: store.alarm,
  load: () => store.get('timers'),
  save: (all, options) => store.put('timers', all, options),
})
same<ReturnType<typeof timers.get>, AlarmTime>()
timers.deliver(delivery, async ({ name }) => name.length)
