import { EMPTY, NEVER, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { openAlarm } from '../../src/index.ts'

function openGate() {
  const commit$ = new Subject<never>()
  const alarm = openAlarm({ reconcile: false, initial: 1, commit: () => commit$, write: () => NEVER })
  const source$ = new Subject<number>()
  const seen: unknown[] = []
  const end = (how: unknown) => seen.push(how, source$.observed)
  source$.pipe(alarm.holdUntilConfirmed()).subscribe({
    next: (value) => seen.push(value),
    error: (error) => end(error.code ?? error),
    complete: () => end('complete'),
  })
  return { alarm, commit$, source$, seen }
}

it('while the output gate is open a value passes before next() returns; one that a value causes, right after that value', () => {
  const alarm = openAlarm({ reconcile: false, commit: () => NEVER, write: () => NEVER })
  const source$ = new Subject<number>()
  const seen: string[] = []
  source$.pipe(alarm.holdUntilConfirmed()).subscribe((value) => {
    seen.push(`${value} in`)
    if (value < 3) source$.next(value + 1)
    seen.push(`${value} out`)
  })
  source$.next(1)
  expect(seen).toEqual(['1 in', '1 out', '2 in', '2 out', '3 in', '3 out'])
})

it('the deletion that comes with the success of a handler holds no value: nobody asked for it', () => {
  const alarm = openAlarm({ reconcile: false, initial: 1, commit: () => NEVER, write: () => NEVER })
  const source$ = new Subject<number>()
  const seen: number[] = []
  source$.pipe(alarm.holdUntilConfirmed()).subscribe((value) => seen.push(value))
  alarm.deliver({ scheduledTime: 1 }, () => []).subscribe()
  expect(alarm.time).toBeNull()
  source$.next(1)
  expect(seen).toEqual([1])
})

it('has one place in the line of its alarm, however many values it holds', () => {
  const { alarm, commit$, source$, seen } = openGate()
  alarm.set(2)
  for (const value of [1, 2, 3]) source$.next(value)
  expect((alarm as unknown as { work: { waiters: number } }).work.waiters).toBe(1)
  commit$.complete()
  expect(seen).toEqual([1, 2, 3])
})

it('a value leaves with its own commit, also where one of another gate waits for a later one', () => {
  const commits: Subject<never>[] = []
  const commit = () => {
    commits.push(new Subject())
    return commits.at(-1)!
  }
  const alarm = openAlarm({ reconcile: false, commit, write: () => EMPTY })
  const [source$, other$] = [new Subject<string>(), new Subject<string>()]
  const seen: string[] = []
  other$.pipe(alarm.holdUntilConfirmed()).subscribe((value) => seen.push(value))
  source$.pipe(alarm.holdUntilConfirmed()).subscribe((value) => {
    seen.push(value)
    if (value !== 'after 9') return
    alarm.set(7)
    other$.next('after 7')
  })
  alarm.set(9)
  source$.next('after 9')
  alarm.set(8)
  source$.next('after 8')
  commits[0]!.complete()
  expect(seen).toEqual(['after 9'])
  commits[1]!.complete()
  expect(seen).toEqual(['after 9', 'after 8'])
  commits[2]!.complete()
  expect(seen).toEqual(['after 9', 'after 8', 'after 7'])
})

describe('whoever hears the end of the output gate may subscribe to the source again at once:', () => {
  it('a source that completed while values were held', () => {
    const { alarm, commit$, source$, seen } = openGate()
    alarm.set(5)
    source$.next(1)
    source$.complete()
    expect(seen).toEqual([])
    commit$.complete()
    expect(seen).toEqual([1, 'complete', false])
  })

  it('an alarm that breaks', () => {
    const { alarm, commit$, source$, seen } = openGate()
    alarm.set(5)
    source$.next(1)
    commit$.error('no')
    expect(seen).toEqual(['ALARM_COMMIT_FAILED', false])
  })

  it('an alarm that was closed before the value came', () => {
    const { alarm, source$, seen } = openGate()
    alarm.close()
    source$.next(1)
    expect(seen).toEqual(['ALARM_CLOSED', false])
  })
})
