import type { SchedulerLike } from 'rxjs'
import { isBefore } from '../vocabulary/time.ts'
import { datedFrom, type KeptDeliverer, sumOf } from './activity.ts'
import type { ClockSteps } from './clock-steps.ts'
import { type Due, DueHeap } from './due-heap.ts'
import { type HeldAlarm, leased, shifted } from './held-alarm.ts'
import type { Ledger, LedgerAccess } from './ledger.ts'
import { type Excerpt, type Place, placeAt, stateOf } from './list-alarms.ts'
import { noPauses } from './pauses.ts'
import { type Look, MINUTE } from './stats.ts'

interface Entry extends Due {
  held: HeldAlarm
}

const DAY = 86_400_000

/** A ledger in memory. Removals are forgotten a day later, by the clock of what is saved. */
export function memoryLedger(scheduler: SchedulerLike, steps: ClockSteps): LedgerAccess {
  const entries = new Map<string, Entry>()
  const heap = new DueHeap<Entry>()
  const deliverers = new Map<string, KeptDeliverer>()
  let gone: Look['gone'] = []
  let pauses = noPauses
  let order = 0
  const removals = new Set<string>() // oldest first

  /** Two for each one saved: they can never pile up. */
  function forget(before: number): void {
    let left = 2
    for (const key of removals) {
      if (left-- === 0 || entries.get(key)!.held.changedAt > before) return
      removals.delete(key)
      entries.delete(key)
    }
  }

  const ledger: Ledger = {
    read: (key) => entries.get(key)?.held,
    save(held) {
      const { key, due, changedAt } = held
      const entry = entries.get(key) ?? { held, due: 0, order: order++, place: -1 }
      entry.held = held
      entries.set(key, entry)
      removals.delete(key)
      if (due === null || held.aside === pauses.generation) {
        heap.remove(entry)
        if (held.time === null) removals.add(key)
      } else {
        entry.due = due
        heap.put(entry)
      }
      forget(changedAt - DAY)
    },
    lease(found, now, holder, until) {
      for (const held of found) ledger.save(leased(held, holder, now, until))
    },
    // One at a time: what its handler does to the others is seen before they are taken.
    due: (now) => (heap.top !== undefined && heap.top.due <= now ? [heap.top.held] : []),
    nextDue: () => heap.top?.due ?? null,
    pauses: () => pauses,
    keepPauses(after) {
      const isNext = after.generation !== pauses.generation
      pauses = after
      if (isNext) for (const { held } of [...entries.values()]) if (held.aside !== null) ledger.save(held)
    },
    seen: (deliverer) => void deliverers.set(deliverer.holder, deliverer),
    gone({ holder, seen }, past) {
      deliverers.delete(holder)
      const young = gone.filter(({ at }) => seen - at < MINUTE)
      gone = [...young, ...datedFrom(seen, past)]
    },
  }
  const comesAfter = ({ held, order: own }: Entry, { at, key }: Place): boolean =>
    placeAt(held) > at || (placeAt(held) === at && own > (entries.get(key)?.order ?? -1))

  /** What is held does not change, what replaces it does: so this is how all stood when it was asked for. */
  function inOrder({ after, failed, before }: Excerpt): HeldAlarm[] {
    return [...entries.values()]
      .filter(({ held }) => held.time !== null && placeAt(held) < before)
      .filter(({ held }) => failed === null || failed === (held.due === null))
      .filter((entry) => after === null || comesAfter(entry, after))
      .sort((a, b) => placeAt(a.held) - placeAt(b.held) || a.order - b.order)
      .map(({ held }) => held)
  }

  function allowForSteps(): void {
    const by = steps.step()
    if (by === 0) return
    steps.allow(by)
    const now = scheduler.now()
    for (const { held } of [...entries.values()]) {
      const after = shifted(held, by, now)
      if (after !== held) ledger.save(after)
    }
  }

  return {
    read: ledger.read,
    openRead() {
      let all: HeldAlarm[] | null = null
      let from = 0
      return (excerpt) => {
        all ??= inOrder(excerpt)
        const page = all.slice(from, from + excerpt.limit)
        from += page.length
        return page
      }
    },
    pauses: ledger.pauses,
    look(now) {
      const counts = { pending: 0, due: 0, delivering: 0, 'backing-off': 0, failed: 0 }
      let oldest: Look['oldest'] = null
      for (const { held } of entries.values()) {
        if (held.time === null) continue
        const state = stateOf(held, now)
        counts[state]++
        const due = held.due as number
        if (state === 'due' && isBefore(due, oldest?.due ?? null)) oldest = { key: held.key, due }
      }
      return {
        counts,
        pauses,
        oldest,
        deliverers: [...deliverers.values()].map((kept) => deliveringNow(kept, now)),
        gone,
      }
    },
    atOnce(run) {
      allowForSteps()
      return run(ledger)
    },
    join(step) {
      allowForSteps()
      step.done(step.run(ledger))
    },
  }
}

/** What is kept here delivers in this very process, and needs no timer to report that; what it did is part of the last minute only. */
function deliveringNow(kept: KeptDeliverer, now: number): KeptDeliverer {
  return { ...kept, seen: now, minute: now - kept.seen < MINUTE ? kept.minute : sumOf([]) }
}
