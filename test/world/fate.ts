import { modes, shapes } from './misbehaviour.ts'

/** What becomes of one call: how long it is under way, whether it is applied, and what its client is answered. */
export interface Fate {
  /** ms until it is applied, or is known not to be; `null`: before the call returns */
  readonly before: number | null
  readonly isApplied: boolean
  /** ms from then to the answer; `null`: at once */
  readonly after: number | null
  /** `never`: not before the world comes to rest */
  readonly answer: 'done' | 'failed' | 'never'
  /** ms after the answer that it is applied nevertheless */
  readonly lands: number | null
  /** the answer comes by a promise */
  readonly promised: boolean
  /** the function itself misbehaves */
  readonly odd: { readonly shape: string; readonly mode: string } | null
}

const done: Fate = {
  before: null,
  isApplied: true,
  after: null,
  answer: 'done',
  lands: null,
  promised: false,
  odd: null,
}

/**
 * Reads a fate: `sync`, `promise` and a number of ms are done; `slow:3:5` takes 3 ms there and 5 back; `lost:3` is not applied and fails;
 * `cut:3:5` is applied, and fails; `late:3:90` fails, and is applied 90 ms later; `stuck:3` is applied, `hang:3` is not, and neither is
 * answered; `odd:SHAPE:MODE` is a function that misbehaves.
 */
export function readFate(text: string): Fate {
  const [kind = '', first = '', second = ''] = text.split(':')
  const ms = (number: string): number => {
    if (!/^\d+$/.test(number)) throw new Error(`"${text}" is no fate`)
    return Number(number)
  }
  switch (kind) {
    case 'sync':
      return done
    case 'promise':
      return { ...done, promised: true }
    case 'slow':
      return { ...done, before: ms(first), after: ms(second) }
    case 'lost':
      return { ...done, before: ms(first), isApplied: false, answer: 'failed' }
    case 'cut':
      return { ...done, before: ms(first), after: ms(second), answer: 'failed' }
    case 'late':
      return { ...done, before: ms(first), isApplied: false, answer: 'failed', lands: ms(second) }
    case 'stuck':
      return { ...done, before: ms(first), answer: 'never' }
    case 'hang':
      return { ...done, before: ms(first), isApplied: false, answer: 'never' }
    case 'odd':
      if (shapes[first] === undefined || modes[second] === undefined) throw new Error(`"${text}" is no fate`)
      return { ...done, odd: { shape: first, mode: second } }
    default:
      return { ...done, before: ms(kind), after: ms(kind) }
  }
}
