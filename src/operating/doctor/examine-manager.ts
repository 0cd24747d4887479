import { hasDied } from '../../ledger/has-died.ts'
import type { LedgerReader } from '../../ledger/ledger-reader.ts'
import { isWithin } from '../../ledger/pauses.ts'
import type { AlarmScope } from '../../vocabulary/alarm-scope.ts'
import { given } from '../../vocabulary/given.ts'
import type { ListedAlarm } from '../../vocabulary/listed-alarm.ts'
import type { AlarmManager } from '../../vocabulary/manager.ts'
import { type Deliverer, isLive, type ManagerStats } from '../../vocabulary/manager-stats.ts'
import { digits } from '../command/terminal.ts'
import { resumeCall, scopeText } from '../scopes.ts'
import { duration } from '../times.ts'
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
  const due = await firstDue(reader, stats)
  for (const scope of stats.paused) yield paused(scope, due.paused.get(scope) ?? null)
  yield* ofDeliveries(stats, live, due.free)
  for await (const alarm of reader.list({ state: 'delivering' })) {
    if (!alive.has(alarm.lease?.holder ?? '')) yield stuck(alarm, stats, open)
  }
  for await (const alarm of reader.list({ state: 'failed' })) yield givenUp(alarm, open)
}

type Oldest = ManagerStats['oldest']

/** What is late most: of all that is not paused, and of each pause. */
async function firstDue(
  reader: LedgerReader,
  { at, oldest, paused }: ManagerStats,
): Promise<{ readonly free: Oldest; readonly paused: ReadonlyMap<AlarmScope, Oldest> }> {
  if (paused.length === 0) return { free: oldest, paused: new Map() }
  const first = new Map<AlarmScope, Oldest>()
  let free: Oldest = null
  for await (const { key, due, paused: isPaused } of reader.list({ state: 'due' })) {
    const found = { key, overdue: at - (due as number) }
    if (!isPaused) free ??= found
    else
      for (const scope of paused) if (!first.has(scope) && isWithin({ key }, scope)) first.set(scope, found)
    if (free !== null && first.size === paused.length) break
  }
  return { free, paused: first }
}

/** A pause may be meant: it is a fault once an alarm is late for it. */
function paused(scope: AlarmScope, first: Oldest): Finding {
  const isLate = first !== null && first.overdue >= OVERDUE
  const late = isLate
    ? `the first (${given(first.key)}) is late by ${duration(first.overdue)}`
    : 'nothing of it is late'
  return {
    code: 'ALARM_PAUSED',
    severity: isLate ? 'fault' : 'notice',
    key: isLate ? first.key : null,
    scope,
    text: `paused: ${scopeText(scope, given)}; ${late}`,
    advice: `end the pause when its cause is over: ${resumeCall(scope)}`,
    repair: null,
  }
}

function* ofDeliveries(
  { at, counts }: ManagerStats,
  live: readonly Deliverer[],
  oldest: Oldest,
): Generator<Finding> {
  if (oldest === null || oldest.overdue < OVERDUE) {
    const waiting = counts.pending + counts.due + counts['backing-off']
    // Right where it is started later: not a fault before something is late.
    if (live.length === 0 && waiting > 0) {
      yield {
        code: 'NOTHING_DELIVERS',
        severity: 'notice',
        key: null,
        text: `nothing delivers at the moment: ${digits(waiting)} alarm${waiting > 1 ? 's wait' : ' waits'}, ${digits(counts.due)} of them due`,
        advice: 'start what subscribes to deliveries',
        repair: null,
      }
    }
    return
  }
  const due = `${digits(counts.due)} due, the first (${given(oldest.key)}) for ${duration(oldest.overdue)}`
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
      text: `nothing seems to deliver: ${due}; the last report was ${duration(silence)} ago, and there is one every 10 s`,
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
      : `${deliverer.process || holder}, which has not reported for ${duration(at - deliverer.seen)}`
  return {
    code: 'LEASE_STUCK',
    severity: 'fault',
    key,
    text: `held by ${how}; for ${duration(until - at)} more`,
    advice: isDead
      ? 'its process is gone: retry it, which ends the lease; else it is delivered again then'
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
    advice: 'retry it, once its cause is mended',
    repair: async () => (await open()).retry(key, { fence }),
  }
}
