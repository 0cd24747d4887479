import { setTimeout as sleep } from 'node:timers/promises'
import type { Contender, Open } from './contender.ts'
import { openRecord, type Record } from './record.ts'
import { weigh } from './weigh.ts'

export interface Plan {
  readonly directory: string
  readonly pending: number
  /** alarms a ms apart */
  readonly steady: number
  readonly burst: number
  /** ms */
  readonly ahead: number
  /** what was filled before, where that is kept */
  readonly filled?: Filled
}

export interface Filled {
  /** sets a second, to know how long before their time alarms must be asked for */
  readonly perSecond: number
  /** of the alarm that comes due while nobody is there */
  readonly dueAt: number
}

/** MB */
export interface Memory {
  readonly client: number
  readonly servers: number | null
}

export interface Lateness {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface Measured {
  /** ms from being opened until what came due meanwhile has fired; or until it was told everything anew */
  readonly openedIn: number
  /** with everything pending, nothing due */
  readonly atRest: Memory
  readonly afterwards: Memory
  readonly lateness: Lateness
  readonly firesPerSecond: number
  readonly wrong: readonly string[]
}

const DAY = 86_400_000
const PATIENCE = 60_000 // ms after the last of them was due
const SETTLE = 1_500
const CLOSING = 3_000 // ms within which a contender is expected to be closed; doubled until it is
const LONGEST = 60_000
const TELLING = 0.2 // ms an alarm, on the slowest of machines
const AT_A_TIME = 1_000

/** Sets what is pending, and one alarm that comes due while nobody is there. */
export async function fill(open: Open, { directory, pending }: Plan): Promise<Filled> {
  let contender = await open(directory, null)
  const begin = performance.now()
  await setFar(contender, pending)
  const perSecond = pending / ((performance.now() - begin) / 1000)
  for (let closing = CLOSING; closing <= LONGEST; closing *= 2) {
    const dueAt = Date.now() + closing
    await contender.set(pending, [dueAt])
    await contender.close()
    // Otherwise it may have fired in the process that fills.
    if (Date.now() < dueAt) return { perSecond, dueAt }
    contender = await open(directory, null)
  }
  await contender.close()
  throw new Error(
    `It was not closed within ${LONGEST / 1000} s, so that what came due fired while it was being filled.`,
  )
}

/** Opens what was filled, then lets some alarms fire one by one and others all at once, while the far ones are pending. */
export async function fire(open: Open, plan: Plan): Promise<Measured> {
  const { directory, pending, steady, burst, ahead } = plan
  const { perSecond, dueAt } = plan.filled!
  await sleep(Math.max(0, dueAt - Date.now()))
  const record = openRecord(pending, 1 + steady + burst)
  const begin = Date.now()
  const contender = await open(directory, record.fired)
  const lastFired = await record.until(pending, 1, begin + PATIENCE)
  if (lastFired === 0) throw new Error('What came due while it was closed has not fired within a minute.')
  await sleep(SETTLE)
  const atRest = memoryOf(contender)

  const soon = (count: number): number => Date.now() + ahead + Math.ceil((2_000 * count) / perSecond)
  const near = nearOf(plan)
  const start = soon(steady)
  await set(contender, record, near.oneByOne, aMsApart(start, steady))
  await record.until(near.oneByOne, steady, start + steady + PATIENCE)
  const due = soon(burst)
  await set(contender, record, near.atOnce, aMsApart(due, burst, 0))
  return finish(contender, record, plan, { openedIn: lastFired - begin, atRest, due })
}

/** The same for what keeps nothing: it is told everything anew, the near alarms first. */
export async function tellAndFire(open: Open, plan: Plan): Promise<Measured> {
  const { directory, pending, steady, burst } = plan
  const record = openRecord(pending, 1 + steady + burst)
  const begin = Date.now()
  const contender = await open(directory, record.fired)
  const near = nearOf(plan)
  const start = begin + SETTLE + pending * TELLING
  const due = start + steady + SETTLE
  await set(contender, record, near.oneByOne, aMsApart(start, steady))
  await set(contender, record, near.atOnce, aMsApart(due, burst, 0))
  await setFar(contender, pending)
  const openedIn = Date.now() - begin
  const atRest = memoryOf(contender)
  await record.until(near.oneByOne, steady, start + steady + PATIENCE)
  return finish(contender, record, plan, { openedIn, atRest, due })
}

async function finish(
  contender: Contender,
  record: Record,
  plan: Plan,
  { due, ...soFar }: Pick<Measured, 'openedIn' | 'atRest'> & { readonly due: number },
): Promise<Measured> {
  const near = nearOf(plan)
  const last = await record.until(near.atOnce, plan.burst, due + PATIENCE)
  await sleep(SETTLE) // whoever fires twice does so by then
  const afterwards = memoryOf(contender) // before any counting, which needs some of its own
  await contender.close()
  const firesPerSecond = record.latenessOf(near.atOnce, plan.burst).length / ((last - due) / 1000)
  const late = record.latenessOf(near.oneByOne, plan.steady)
  const at = (share: number): number => late[Math.ceil(share * late.length) - 1] ?? Number.NaN
  const lateness = { p50: at(0.5), p99: at(0.99), max: at(1) }
  return { ...soFar, afterwards, lateness, firesPerSecond, wrong: record.wrong() }
}

/** The far actors are first, then the one that comes due while it is closed, then these. */
function nearOf({ pending, steady }: Plan): { readonly oneByOne: number; readonly atOnce: number } {
  return { oneByOne: pending + 1, atOnce: pending + 1 + steady }
}

function aMsApart(start: number, count: number, apart = 1): number[] {
  return Array.from({ length: count }, (_, i) => start + i * apart)
}

async function set(
  contender: Contender,
  record: Record,
  first: number,
  times: readonly number[],
): Promise<void> {
  record.expect(first, times)
  await setAll(contender, first, times)
}

async function setAll(contender: Contender, first: number, times: readonly number[]): Promise<void> {
  for (let i = 0; i < times.length; i += AT_A_TIME) {
    await contender.set(first + i, times.slice(i, i + AT_A_TIME))
  }
}

/** Tomorrow and later, a second apart: none comes due here. */
async function setFar(contender: Contender, pending: number): Promise<void> {
  const tomorrow = Date.now() + DAY
  for (let i = 0; i < pending; i += AT_A_TIME) {
    await contender.set(i, aMsApart(tomorrow + i * 1_000, Math.min(AT_A_TIME, pending - i), 1_000))
  }
}

function memoryOf(contender: Contender): Memory {
  const pids = contender.servers?.() ?? []
  return { client: process.memoryUsage().rss / 2 ** 20, servers: pids.length === 0 ? 0 : weigh(pids) }
}
