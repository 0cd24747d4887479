import { type Answer, ask, type Question } from './spin.ts'
import type { Twin } from './twins.ts'

/** By what a twin is rejected, and how. */
export interface Rejected extends Answer {
  readonly by: 'safety' | 'liveness'
}

/** Looks for the fault of a twin: for a sentence that is false, then for what never comes. `null`: it is not found. */
export function rejectTwin({ changes, defines = {}, seenBy, file = 'nolater.pml' }: Twin): Rejected | null {
  const small = { WAITERS: 0, ...defines }
  if (seenBy !== 'liveness') {
    const answer = ask(file, 'safety', small, changes)
    return answer.fault === null ? null : { ...answer, by: 'safety' }
  }
  const questions: readonly Question[] = file === 'turns.pml' ? ['fair'] : ['ends', 'arrives']
  for (const question of questions) {
    const answer = ask(file, question, { FAILURES: 0, CRASHES: 0, LATE: 0, ...small }, changes)
    if (answer.fault !== null) return { ...answer, by: 'liveness' }
  }
  return null
}
