import { MarblesError } from '../marbles/index.ts'
import { lineUp } from './line-up.ts'
import { type MarbleSubject, type RunPlan, runObservable } from './run-observable.ts'
import { type Eyes, isSame } from './same-value.ts'
import { seenMarks, short } from './seen-marks.ts'
import type { Letters, Values } from './values.ts'

/**
 * What an Observable does, as a diagram of one line. Letters and digits stand for themselves; other values are given letters, which are
 * explained below it.
 */
export function drawObservable(
  subject: MarbleSubject<unknown>,
  { until, columns }: Pick<RunPlan, 'until' | 'columns'>,
  letters: Letters,
  eyes: Eyes,
): string {
  const plan = { until, length: until ?? 0, columns }
  const { notifications, open } = runObservable(subject, plan, letters)
  letters.close()
  if (open.length > 0)
    throw new MarblesError(
      'MARBLES_FAULT',
      `Expected a run that a snapshot can keep:\n${open.map((what) => `! left open: ${what}`).join('\n')}`,
    )
  const own = (value: unknown): boolean => typeof value === 'string' && /^[A-Za-z\d]$/.test(value)
  const values: Record<string, unknown> = {}
  for (const seen of notifications) {
    if (seen.kind === 'error') values['#'] = seen.value
    if (seen.kind !== 'next') continue
    const named = Object.values(values).some((value) => isSame(seen.value, value, eyes))
    if (!named) values[own(seen.value) ? String(seen.value) : freeLetter(values, notifications)] = seen.value
  }
  const { marks } = seenMarks(notifications, [], values as Values, eyes)
  const { rows } = lineUp([{ marks, length: 0 }])
  const legend = Object.entries(values)
    .filter(([letter, value]) => letter !== String(value) || !own(value))
    .map(([letter, value]) => `${letter} = ${short(value, eyes)}`)
  return [rows[0] || '-', ...legend].join('\n')
}

/** In the order of the alphabet, past the letters that stand for themselves. */
function freeLetter(values: Readonly<Record<string, unknown>>, all: readonly object[]): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
  const isTaken = (letter: string): boolean =>
    Object.hasOwn(values, letter) || all.some((seen) => 'value' in seen && seen.value === letter)
  const letter = [...alphabet].find((each) => !isTaken(each))
  if (letter !== undefined) return letter
  throw new MarblesError(
    'MARBLES_FAULT',
    `Expected at most ${alphabet.length} different values in one snapshot.`,
  )
}
