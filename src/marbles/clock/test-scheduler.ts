import type { TestScheduler } from 'rxjs/testing'
import { type Timed, timerHeap } from './timer-heap.ts'

type Actions = TestScheduler['actions']
type Action = Actions[number]

/**
 * Gives a TestScheduler a list of timers that is a heap, and returns it. Its own list is sorted as a whole with each timer that is set,
 * so that a run takes the square of its length.
 *
 * It has what RxJS does with the list, and can be iterated, in no order.
 */
export function withTimerHeap(scheduler: TestScheduler): TestScheduler {
  scheduler.actions = heapOfActions() as unknown as Actions
  return scheduler
}

interface Entry extends Timed {
  readonly action: Action
}

function heapOfActions() {
  const heap = timerHeap<Entry>()
  const entries = new Map<Action, Entry>()
  let turns = 0
  const remove = (entry: Entry): void => {
    heap.remove(entry)
    entries.delete(entry.action)
  }
  return {
    get length() {
      return heap.size
    },
    get 0() {
      return heap.peek()?.action
    },
    push(action: Action) {
      const entry: Entry = { due: action.delay, turn: turns++, slot: -1, action }
      entries.set(action, entry)
      heap.push(entry)
    },
    /** after each push, which has put it in order */
    sort() {},
    shift() {
      const entry = heap.peek()
      if (entry !== undefined) remove(entry)
      return entry?.action
    },
    // RxJS asks where a timer is only to take it out.
    indexOf: (action: Action) => entries.get(action)?.slot ?? -1,
    splice(slot: number) {
      const entry = heap.at(slot)
      if (entry !== undefined) remove(entry)
    },
    [Symbol.iterator]: () => entries.keys(),
  }
}
