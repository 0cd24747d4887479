import type { AlarmTime } from 'nolater'
import type { VirtualClock } from 'nolater/marbles'
import type { Subscription } from 'rxjs'

/** A time during which the manager was later than the store. */
export interface Divergence {
  readonly from: number
  /** `null` while it goes on */
  to: number | null
  /** what both held when it began */
  readonly store: number
  readonly manager: AlarmTime
}

/** An alarm that was due while the manager held a later one, or none. */
export interface Missed {
  readonly due: number
  /** when its handler began at last */
  wokenAt: number | null
  /** another alarm took its place before any handler had begun */
  isReplaced: boolean
}

/** What a store or a manager held from a moment on. */
export interface Standing {
  readonly at: number
  readonly time: AlarmTime
}

/** Watches one actor from outside, in the same way whoever keeps its alarm. */
export interface Judge {
  readonly store: readonly Standing[]
  readonly manager: readonly Standing[]
  readonly divergences: readonly Divergence[]
  readonly missed: readonly Missed[]
  /** late so far: woken too late, or going to be */
  readonly late: number
  /** lost so far: replaced when they were overdue, or nobody is going to wake for them */
  readonly lost: number
  /** times that it has looked, or was told something */
  readonly looks: number
  /** something may have changed */
  look(): void
  /** a handler begins */
  woken(): void
  /** the process of the actor has ended, and its handler with it */
  ended(): void
}

interface Held {
  readonly store: AlarmTime
  readonly manager: AlarmTime
}

/** `null`, never, is later than every time. */
const isLater = ({ store, manager }: Held): boolean => store !== null && (manager === null || manager > store)

export function openJudge(clock: VirtualClock, held: () => Held): Judge {
  const history = { store: [] as Standing[], manager: [] as Standing[] }
  const divergences: Divergence[] = []
  const missed: Missed[] = []
  let divergence: Divergence | null = null
  let missing: Missed | null = null
  let isOwed = false // the store's alarm is due, and no handler has begun
  let timer: Subscription | null = null
  let looks = 0

  function note(of: 'store' | 'manager', time: AlarmTime): boolean {
    if (history[of].at(-1)?.time === time) return false
    history[of].push({ at: clock.now(), time })
    return true
  }

  function due(): void {
    isOwed = true
    look()
  }

  function expect(alarm: AlarmTime): void {
    timer?.unsubscribe()
    isOwed = false
    if (missing !== null) missing.isReplaced = true
    missing = null
    if (alarm !== null) timer = clock.schedule(due, alarm - clock.now())
  }

  function look(): void {
    looks++
    const now = held()
    if (note('store', now.store)) expect(now.store)
    note('manager', now.manager)
    if (isLater(now)) {
      if (divergence === null) {
        divergence = { from: clock.now(), to: null, store: now.store!, manager: now.manager }
        divergences.push(divergence)
      }
      if (isOwed && missing === null) {
        missing = { due: now.store!, wokenAt: null, isReplaced: false }
        missed.push(missing)
      }
    } else if (divergence !== null) {
      divergence.to = clock.now()
      divergence = null
    }
  }

  const isLost = (each: Missed): boolean =>
    each.wokenAt === null && (each.isReplaced || held().manager === null)

  look()
  return {
    ...history,
    divergences,
    missed,
    get late() {
      return missed.filter((each) => !isLost(each)).length
    },
    get lost() {
      return missed.filter(isLost).length
    },
    get looks() {
      return looks
    },
    look,
    woken() {
      looks++
      isOwed = false
      if (missing !== null) missing.wokenAt = clock.now()
      missing = null
    },
    ended() {
      const { store } = held()
      if (store !== null && store <= clock.now()) due()
    },
  }
}
