import { lineUp } from './line-up.ts'
import { type Diagram, kinds, readDiagram } from './read-diagram.ts'
import {
  type MarbleSubject,
  type RunPlan,
  runObservable,
  runObservableAsync,
  type Seen,
} from './run-observable.ts'
import type { Eyes } from './same-value.ts'
import { seenMarks } from './seen-marks.ts'
import { openLetters, type Values } from './values.ts'

// Of a source that goes on and on; the rest says no more.
const MORE = 5

/** Says how an Observable differs from its diagram, or `''`. */
export function matchObservable(
  subject: MarbleSubject<unknown>,
  text: string,
  values: Values | undefined,
  eyes: Eyes,
): string {
  const { plan, letters, compare } = expectationOf(text, values, eyes)
  return compare(runObservable(subject, plan, letters))
}

/** Likewise, of one that waits for promises. */
export async function matchObservableAsync(
  subject: MarbleSubject<unknown>,
  text: string,
  values: Values | undefined,
  eyes: Eyes,
): Promise<string> {
  const { plan, letters, compare } = expectationOf(text, values, eyes)
  return compare(await runObservableAsync(subject, plan, letters))
}

function expectationOf(text: string, values: Values | undefined, eyes: Eyes) {
  const expected = readDiagram(text, kinds.expected)
  const letters = openLetters()
  letters.use(text, expected, values)
  const until = expected.marks.find(({ mark }) => mark === '!')?.at ?? null
  const plan: RunPlan = { until, length: expected.length, columns: text.length }

  const compare = ({ notifications, open }: Seen): string => {
    letters.close()
    const shown = notifications.slice(0, expected.marks.length + MORE)
    const seen = seenMarks(shown, expected.marks, values, eyes)
    const { rows, carets } = lineUp([expected, { marks: seen.marks, length: 0 }])
    const isSame = carets === '' && seen.unknown.length === 0
    const parts = [
      ...(isSame
        ? []
        : [
            [`- ${rows[0]}    expected`, `+ ${rows[1]}    seen`, `  ${carets}`].join('\n'),
            ...hints(expected, text),
          ]),
      seen.unknown.join('\n'),
      shown.length < notifications.length ? `and ${notifications.length - shown.length} more` : '',
      open.map((what) => `! left open: ${what}`).join('\n'),
    ].filter((part) => part !== '')
    return isSame && open.length === 0 ? '' : parts.join('\n\n')
  }
  return { plan, letters, compare }
}

/** The traps of the notation that can have led to the difference. */
function hints({ marks }: Diagram, text: string): string[] {
  const groups = [...text.matchAll(/\([^)]*\)/g)].filter(({ index, 0: group }) =>
    /[^\s)]/.test(text.slice(index + group.length)),
  )
  const [group] = groups.map(({ 0: written }) => written)
  if (group === undefined || marks.length === 0) return []
  return [
    `A group takes as many columns as it has characters: what follows ${group} is ${group.length} ms after it.`,
  ]
}
