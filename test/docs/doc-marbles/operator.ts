import { type KeyedIntent, memoryManager } from 'nolater'
import { concatMap, defer, finalize, merge, Observable, type OperatorFunction, tap } from 'rxjs'
import type { MarbleRun } from '../../../src/vitest/marble-sources.ts'
import { runObservable } from '../../../src/vitest/run-observable.ts'
import { openLetters } from '../../../src/vitest/values.ts'
import { drawLane, grouped, lettered, type Mark, type Row } from './lanes.ts'
import { argumentOf, evaluate, meaning, wordOf } from './values.ts'

type Calls = Map<string, Mark[]>

/**
 * Runs the picture of an operator; the rows that were seen.
 *
 * Above the call: streams, the source first, and functions such as `commit()`, each call of which does what the row says. Below it: `result`
 * has the values, the name of a function its calls, and any other name that property of the values.
 */
export function runOperator(given: readonly Row[], call: string, seen: readonly Row[]): Row[] {
  const calls: Calls = new Map()
  const play = (run: MarbleRun): Observable<unknown> => {
    const lanes = given.map((row) => laneOf(row, run, calls))
    const manager = memoryManager()
    const made = evaluate(call, { manager, ...Object.fromEntries(lanes) })
    const source = lanes[0]![1] as Observable<never>
    if (!(made instanceof Observable)) return source.pipe(made as OperatorFunction<unknown, unknown>)
    return merge(source.pipe(concatMap((intent) => writeTo(manager, intent))), made)
  }
  const { notifications, open } = runObservable(play, { until: null, length: 0, columns: 0 }, openLetters())
  if (open.length > 0) throw new Error(`Left open: ${open.join(', ')}`)

  const marksOf = (name: string): Mark[] =>
    notifications.map((each) => {
      const word = each.kind === 'next' ? wordOf(name, each.value) : each.kind === 'error' ? '#' : '|'
      return { at: each.at, word }
    })
  const length = Math.max(...[...given, ...seen].map(({ marks }) => marks.length))
  const hasEnded = notifications.at(-1)?.kind !== 'next'
  return seen
    .filter(({ name }) => name !== '')
    .flatMap(({ name }) => {
      const made = calls.get(name)
      return made
        ? drawLane(name, made, length)
        : drawLane(name, grouped(marksOf(name)), hasEnded ? 0 : length)
    })
}

function writeTo(manager: ReturnType<typeof memoryManager>, { key, ...intent }: KeyedIntent) {
  const time = intent.kind === 'set' ? intent.time : null
  return manager.write(key, time, { key, move: 'earlier', fence: 1, attempt: 1 })
}

/** A row as what the call may use. A remark such as `a: [1, 2]` says what its words stand for; `v` is what a function was called with. */
function laneOf({ name: label, marks, remark = '' }: Row, run: MarbleRun, calls: Calls): [string, unknown] {
  const name = label.replace('()', '')
  const legend = (/^\w+: /.test(remark) ? evaluate(`({ ${remark} })`) : {}) as Record<string, unknown>
  const play = (meant: Record<string, unknown>): Observable<unknown> => {
    const { marbles, values } = lettered(marks, (word) => meant[word] ?? meaning(name, word))
    return run.cold(marbles, values)
  }
  if (name === label) return [name, play(legend)]

  const made: Mark[] = []
  calls.set(name, made)
  const called = (...args: unknown[]): Observable<unknown> =>
    defer(() => {
      const mark = { at: run.scheduler.now(), word: argumentOf(args) }
      let end = '!'
      made.push(mark)
      return play({ ...legend, v: args[0] }).pipe(
        tap({ complete: () => (end = '|'), error: () => (end = '#') }),
        finalize(() => (mark.word = mark.word.padEnd(run.scheduler.now() - mark.at, '.') + end)),
      )
    })
  return [name, called]
}
