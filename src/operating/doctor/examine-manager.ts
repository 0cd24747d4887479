import { hasDied } from '../../ledger/has-died.ts'
import type { LedgerReader } from '../../ledger/ledger-reader.ts'
import { given } from '../../vocabulary/given.ts'
import type { ListedAlarm } from '../../vocabulary/listed-alarm.ts'
import type { AlarmManager } from '../../vocabulary/manager.ts'
import { type Deliverer, isLive, type ManagerStats } from '../../vocabulary/manager-stats.ts'
import type { Finding } from './finding.ts'

/** What a doctor may do to a manager. */
export type Surgery = Required<Pick<AlarmManager, 'retry'>>

const OVERDUE = 10_000 // ms
const QUIET = 12_000 // ms: what delivers reports every ten seconds

/** Looks at what a manager holds, and at what delivers it. `open` is called for a repair. */
export async function* examineManager(
  reader: LedgerReader,
  open: () => Promise<Surgery>,
): AsyncGenerator<Finding> {
  const stats = await reader.stats()
  const live = stats.deliverers.filter((deliverer) => isLive(deliverer, stats.at))
  const alive = new Set(live.map(({ holder }) => holder))
  yield* ofDeliveries(stats, live, await firstDue(reader, stats))
  for await (const alarm of reader.list({ state: 'delivering' })) {
    if (!alive.has(alarm.lease?.holder ?? '')) yield stuck(alarm, stats, open)
  }
  for await (const alarm of reader.list({ state: 'failed' })) yield givenUp(alarm, open)
}

/** What is due, is not paused, and is late most. */
async function firstDue(
  reader: LedgerReader,
  { at, oldest, paused }: ManagerStats,
): Promise<ManagerStats['oldest']> {
  if (paused.length === 0) return oldest
  for await (const alarm of reader.list({ state: 'due' })) {
    if (!alarm.paused) return { key: alarm.key, overdue: at - (alarm.due as number) }
  }
  return null
}

function* ofDeliveries(
  { at, counts, paused }: ManagerStats,
  live: readonly Deliverer[],
  oldest: ManagerStats['oldest'],
): Generator<Finding> {
  if (paused.length > 0) {
    yield {
      code: 'ALARM_PAUSED',
      severity: 'notice',
      key: null,
      text: `${paused.length} pause${paused.length > 1 ? 's' : ''}: what is paused is not delivered, however late`,
      advice: 'resume it when the cause is over',
      repair: null,
    }
  }
  if (oldest === null || oldest.overdue < OVERDUE) {
    const waiting = counts.pending + counts.due + counts['backing-off']
    // Right where it is started later: not a fault before something is late.
    if (live.length === 0 && waiting > 0) {
      yield {
        code: 'NOTHING_DELIVERS',
        severity: 'notice',
        key: null,
        text: `nothing delivers at the moment: ${waiting} alarm${waiting > 1 ? 's wait' : ' waits'}`,
        advice: 'start what subscribes to deliveries, in time for the first',
        repair: null,
      }
    }
    return
  }
  const due = `${counts.due} due, the first (${given(oldest.key)}) for ${Math.round(oldest.overdue / 1_000)} s`
  if (live.length === 0) {
    yield {
      code: 'NOTHING_DELIVERS',
      severity: 'fault',
      key: null,
      text: `nothing delivers: ${due}`,
      advice: 'start what subscribes to deliveries',
      repair: null,
    }
    return
  }
  const silence = at - Math.max(...live.map(({ seen }) => seen))
  if (silence >= QUIET) {
    yield {
      code: 'NOTHING_DELIVERS',
      severity: 'fault',
      key: null,
      text: `nothing seems to deliver: ${due}; the last report was ${Math.round(silence / 1_000)} s ago, and there is one every 10 s`,
      advice: 'see whether what subscribes to deliveries has died or hangs, and start it again',
      repair: null,
    }
  } else {
    yield {
      code: 'ALARM_OVERDUE',
      severity: 'fault',
      key: oldest.key,
      text: `what delivers does not keep up: ${due}; ${counts.delivering} handlers at work`,
      advice: 'see whether handlers hang, or give deliveries a greater concurrency',
      repair: null,
    }
  }
}

function stuck(
  { key, fence, lease }: ListedAlarm,
  { at, deliverers }: ManagerStats,
  open: () => Promise<Surgery>,
): Finding {
  const { holder, until } = lease as NonNullable<ListedAlarm['lease']>
  const deliverer = deliverers.find((each) => each.holder === holder)
  const isDead = deliverer !== undefined && hasDied(deliverer, at) // what never reported may be of an older version, and at work
  const how =
    deliverer === undefined
      ? `${holder}, which does not report: it has died, or is of an older version`
      : `${deliverer.process || holder}, which has not reported for ${Math.round((at - deliverer.seen) / 1_000)} s`
  return {
    code: 'LEASE_STUCK',
    severity: 'fault',
    key,
    text: `held by ${how}; for ${Math.round((until - at) / 1_000)} s more`,
    advice: isDead
      ? 'its process is gone: a repair ends the lease now, else it is delivered again then'
      : 'nothing: it is delivered again then',
    repair: isDead ? async () => (await open()).retry(key, { fence }) : null,
  }
}

function givenUp({ key, fence, failures, lastError }: ListedAlarm, open: () => Promise<Surgery>): Finding {
  const why =
    lastError === null ? '' : `, the last time with ${lastError.name}: ${lastError.message.slice(0, 200)}`
  return {
    code: 'ALARM_GIVEN_UP',
    severity: 'fault',
    key,
    text: `given up after ${failures} failure${failures === 1 ? '' : 's'}${why}`,
    advice: 'mend the cause, then retry it',
    repair: async () => (await open()).retry(key, { fence }),
  }
}
