import type { TestScheduler } from 'rxjs/testing'
import type { AlarmTime } from '../../index.ts'
import { earlyWakes } from './early-wakes.ts'
import type { Actor, Stage } from './stage.ts'

/** Adds what a diagram has no place for, once a run is over; ends the actor. */
export function findFaults(
  stage: Stage,
  actor: Actor,
  scheduler: TestScheduler,
  isByTheClock: boolean,
): void {
  const { scenario, scale, store, manager, handler, faults, unheld } = stage
  const { 0: next } = scheduler.actions
  if (next !== undefined) {
    const due = scale.columnOf((next as { readonly delay?: number }).delay)
    const left = scheduler.actions.length === 1 ? 'one' : `${scheduler.actions.length}, the next`
    faults.push(
      `the run does not end: a day after the ruler timers are still running: ${left} due in column ${due}`,
    )
  }

  const outside = { commit: store.calls, write: manager.calls, handler: handler.calls }
  for (const [name, calls] of Object.entries(outside)) {
    for (const { at, time, subscriptions, outcome } of calls) {
      const call = `${name} ${scale.printed(time)} in column ${scale.columnOf(at)}`
      if (scale.columnOf(at) >= scenario.columns) faults.push(`${call}, after the ruler's end`)
      if (at % scale.column !== 0) faults.push(`${call}, not at its beginning: at ${at} ms`)
      if (subscriptions === 0 && outcome !== 'threw') faults.push(`${call} was never subscribed`)
    }
  }
  findUntold(stage)
  if (isByTheClock) faults.push(...earlyWakes(scenario), ...unheld)

  const isQuiet = [...store.calls, ...manager.calls].every(({ outcome }) => outcome !== 'pending')
  const isDrained = actor.isDrained()
  if (isDrained !== null && isDrained !== isQuiet)
    faults.push(
      isQuiet ? 'nothing is in flight, but it is not drained' : 'it says drained, but a call is pending',
    )
  actor.end()
}

/** The events must tell of every call; only those of the opening itself come before there can be a subscriber. */
function findUntold({ scale, store, manager, recorder, events, faults }: Stage): void {
  const opened = new Set(
    recorder.spansOf('life').flatMap(([{ at, marks }]) => (marks.includes('^') ? [at] : [])),
  )
  const issued = (name: string, calls: readonly { at: number; time: AlarmTime }[]): void => {
    const named = events.flatMap((event) =>
      event.kind === `${name}-issued` && 'time' in event ? [`${event.at} ${event.time}`] : [],
    )
    const all = new Set(named)
    const [found, rest] = parted(calls, ({ at, time }) => all.has(`${scale.clockAt(at)} ${time}`))
    const missing = rest.filter(({ at }) => !opened.has(scale.columnOf(at)))
    for (const { at, time } of missing)
      faults.push(`no event tells of ${name} ${scale.printed(time)} in column ${scale.columnOf(at)}`)
    if (named.length !== found.length)
      faults.push(`${named.length} ${name}s are in the events, ${found.length} were called`)
  }
  issued('commit', store.calls)
  issued('write', manager.calls)
}

function parted<T>(all: readonly T[], isFirst: (one: T) => boolean): [first: T[], rest: T[]] {
  const { first = [], rest = [] } = Object.groupBy(all, (one) => (isFirst(one) ? 'first' : 'rest'))
  return [first, rest]
}
