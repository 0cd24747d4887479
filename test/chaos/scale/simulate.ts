import { random, seedOf } from '../../../examples/fleet/random.ts'
import { byDue, inTurn, type Turns, type Waiting } from './turns.ts'
import { zipf } from './zipf.ts'

/** Many servers in virtual time. A server has some actors' alarms, and delivers `perSecond` of them at most. */
export interface Plan {
  readonly seed: number
  readonly servers: number
  /** deliveries that a server can make a second */
  readonly perSecond: number
  /** of what all servers can do, what is asked of them */
  readonly load: number
  readonly actors: number
  /** of the Zipf distribution by which actors want to be woken */
  readonly exponent: number
  /** an actor has one alarm, however often it wants to be woken; otherwise each wish is a job */
  readonly isOneEach: boolean
  /** actors of one tenant; they are neighbours in rank */
  readonly tenant: number
  readonly turns: 'by due' | 'in turn'
  /** one tenant wants so many of its actors woken at one moment */
  readonly burst: number
  /** an actor's server is found by its own key, or by its tenant's */
  readonly spread: 'by actor' | 'by tenant'
  readonly seconds: number
}

export interface Simulated {
  readonly wishes: number
  readonly delivered: number
  /** the busiest server's share of its time */
  readonly busiest: number
  /** ms late, of everybody whose tenant has not burst */
  readonly p50: number
  readonly p99: number
  readonly max: number
  /** ms until the last alarm of the burst is delivered */
  readonly burstTook: number
}

const BURSTS_AT = 1_000 // ms

export function simulate(plan: Plan): Simulated {
  const { seed, servers, perSecond, load, actors, exponent, tenant, seconds } = plan
  const chance = random(seedOf(seed, 'wishes'))
  const place = (what: string): number => Math.floor(random(seedOf(seed, 'server', what))() * servers)
  const serverOf = (key: number): number =>
    place(plan.spread === 'by actor' ? `actor ${key}` : `tenant ${Math.floor(key / tenant)}`)
  const draw = zipf(actors, exponent, chance)

  const perServer: Waiting[][] = Array.from({ length: servers }, () => [])
  const wish = (key: number, due: number): void =>
    void perServer[serverOf(key)]!.push({ key, tenant: Math.floor(key / tenant), due })
  const rate = (load * servers * perSecond) / 1_000 // a ms
  let wishes = 0
  const gap = (): number => -Math.log(1 - chance()) / rate
  for (let at = 0; at < seconds * 1_000; at += gap()) {
    wish(draw(), at)
    wishes++
  }
  const bursting = Math.floor(actors / tenant / 2) // neither among the busiest nor the last
  for (let i = 0; i < plan.burst; i++) wish(bursting * tenant + (i % tenant), BURSTS_AT)

  const results = perServer.map((due) => serve(due, plan, bursting))
  const late = Float64Array.from(results.flatMap(({ late }) => late)).sort()
  const at = (share: number): number => late[Math.max(0, Math.ceil(late.length * share) - 1)] ?? 0
  return {
    wishes: wishes + plan.burst,
    delivered: results.reduce((sum, { delivered }) => sum + delivered, 0),
    busiest: Math.max(...results.map(({ delivered, end }) => delivered / ((perSecond * end) / 1_000))),
    p50: at(0.5),
    p99: at(0.99),
    max: at(1),
    burstTook: Math.max(0, ...results.map(({ burstEnd }) => burstEnd - BURSTS_AT)),
  }
}

/** One server, one delivery after the other, until nothing is left. */
function serve(wished: Waiting[], { perSecond, isOneEach, turns, seconds }: Plan, bursting: number) {
  const waiting: Turns = turns === 'by due' ? byDue() : inTurn()
  const has = new Set<number>() // actors whose alarm waits
  const late: number[] = []
  const takes = 1_000 / perSecond
  wished.sort((a, b) => a.due - b.due)
  let now = 0
  let next = 0
  let delivered = 0
  let burstEnd = BURSTS_AT
  while (next < wished.length || waiting.size > 0) {
    if (waiting.size === 0) now = Math.max(now, wished[next]!.due)
    for (; next < wished.length && wished[next]!.due <= now; next++) {
      const alarm = wished[next]!
      if (isOneEach && has.has(alarm.key)) continue // it is woken once for all that is due
      has.add(alarm.key)
      waiting.put(alarm)
    }
    const alarm = waiting.take()
    has.delete(alarm.key)
    delivered++
    if (alarm.tenant !== bursting) late.push(now - alarm.due)
    else if (alarm.due === BURSTS_AT) burstEnd = Math.max(burstEnd, now)
    now += takes
  }
  return { delivered, late, burstEnd, end: Math.max(now, seconds * 1_000) }
}
