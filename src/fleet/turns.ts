import { reportUncaught } from '../operators/report-uncaught.ts'

/** Where an actor waits: earlier moves hold commits and gates up, later ones nothing. */
export type Lane = 'earlier' | 'later'

interface Ticket<T> {
  readonly member: T
  readonly lane: Lane
  isLive: boolean
}

/** So many earlier moves in a row while a later one waits, then that one: first does not mean always. */
const IN_A_ROW = 3

/**
 * A limit on what is under way at a time, with turns: the longest wait is next, each once until it asks again.
 *
 * A turn carries nothing. What is to be done is looked up when it is given; with nothing to do, the turn is the next one's.
 */
export class Turns<T> {
  /** how many are under way */
  taken = 0
  private readonly limit: number
  private readonly go: (member: T) => void
  private readonly tickets = new Map<T, Ticket<T>>()
  private readonly lanes = { earlier: new Queue<T>(), later: new Queue<T>() }
  private inARow = 0
  private called: T | null = null

  /** `go` is called when a turn has come: a member with something to do asks again, and begins. */
  constructor(limit: number, go: (member: T) => void) {
    this.limit = limit
    this.go = go
  }

  get waiting(): number {
    return this.tickets.size
  }

  /** Whether `member` may begin now; otherwise it waits, in this lane. */
  ask(member: T, lane: Lane): boolean {
    if (this.called === member || (this.tickets.size === 0 && this.taken < this.limit)) return true
    const held = this.tickets.get(member)
    if (held?.lane === lane) return false
    if (held !== undefined) this.lanes[held.lane].leave(held)
    const ticket = { member, lane, isLive: true }
    this.tickets.set(member, ticket)
    this.lanes[lane].push(ticket)
    return false
  }

  begin(): void {
    this.taken++
  }

  end(): void {
    this.taken--
  }

  /** Waits no more. */
  leave(member: T): void {
    const held = this.tickets.get(member)
    if (held === undefined) return
    this.lanes[held.lane].leave(held)
    this.tickets.delete(member)
  }

  /** A member waits that need not. */
  get isDue(): boolean {
    return this.tickets.size > 0 && this.taken < this.limit
  }

  /** Gives what is free to those that wait. */
  give(): void {
    while (this.isDue) {
      const { member } = this.next()
      this.leave(member)
      this.called = member
      reportUncaught(() => this.go(member)) // a teardown of the user's that throws must not cost the others their turns
      this.called = null
    }
  }

  private next(): Ticket<T> {
    const earlier = this.lanes.earlier.first
    const later = this.lanes.later.first
    const isEarlier = earlier !== undefined && (later === undefined || this.inARow < IN_A_ROW)
    this.inARow = isEarlier && later !== undefined ? this.inARow + 1 : 0
    return (isEarlier ? earlier : later)!
  }
}

/** First in, first out. To take the first of 100,000 must not move all the others; what has left must not stay here. */
class Queue<T> {
  private tickets: Ticket<T>[] = []
  private passed = 0
  private dead = 0

  get first(): Ticket<T> | undefined {
    while (this.tickets[this.passed]?.isLive === false) this.passed++
    return this.tickets[this.passed]
  }

  push(ticket: Ticket<T>): void {
    this.tickets.push(ticket)
  }

  leave(ticket: Ticket<T>): void {
    ticket.isLive = false
    if (++this.dead * 2 < this.tickets.length) return
    this.tickets = this.tickets.filter(({ isLive }) => isLive)
    this.passed = this.dead = 0
  }
}
