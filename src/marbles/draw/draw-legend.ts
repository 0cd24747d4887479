import type { Drawing, Mark } from './draw-model.ts'

/** A sign that has to be explained. */
export interface Sign {
  readonly name: (typeof SIGNS)[number][0]
  /** as it looks in text */
  readonly text: string
  readonly means: string
}

const SIGNS = [
  ['earlier', '<', 'earlier than the bound', ({ look }: Mark) => look === 'earlier'],
  ['later', '>', 'later', ({ look }: Mark) => look === 'later'],
  ['same', '=', 'the same', ({ look }: Mark) => look === 'same'],
  ['superseded', '(5)', 'a newer time took its place', ({ superseded }: Mark) => superseded === true],
  ['unconfirmed', '5?', 'holds no gate', ({ look, label }: Mark) => look === 'intent' && label.includes('?')],
  ['acknowledged', '5..|', 'acknowledged', ({ ending }: Mark) => ending === 'acknowledged'],
  ['failed', '5..#', 'failed', ({ ending }: Mark) => ending === 'failed' || ending === 'given up'],
  ['fenced', '5../', 'refused by the fence', ({ ending }: Mark) => ending === 'fenced'],
  ['cut', '5..!', 'cut off', ({ ending }: Mark) => ending === 'cut'],
  ['rest', ':::', 'rests before a retry', ({ look }: Mark) => look === 'rest'],
  ['drained', '*', 'drained', ({ look }: Mark) => look === 'drained'],
  ['uncertain', '1..5', 'one or the other', ({ uncertain }: Mark) => uncertain === true],
  ['closed', '==|', 'gate closed', ({ look }: Mark) => look === 'closed'],
  ['running', '==|', 'handler runs', ({ run }: Mark) => run !== undefined],
] as const

/** The signs that a drawing uses, and nothing else. */
export function legendOf({ actors }: Drawing): Sign[] {
  const marks = actors.flatMap(({ lanes }) => lanes.flatMap(({ rows }) => rows.flat()))
  return SIGNS.flatMap(([name, text, means, isSaid]) => (marks.some(isSaid) ? [{ name, text, means }] : []))
}
