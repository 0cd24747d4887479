import { isLaneName } from '../marbles/scenario/format.ts'
import { isHeaderName } from '../marbles/scenario/header.ts'

/**
 * Whether a text is a scenario for an actor, and no diagram of an Observable: it has several lines, or begins with the name of a lane or
 * of a header line and a blank.
 */
export function isScenario(text: string): boolean {
  const [first = '', ...more] = text.trim().split('\n')
  const name = first.match(/^(\S+)\s/)?.[1] ?? ''
  return isLaneName(name) || isHeaderName(name) || more.some((line) => !explainsLetter.test(line))
}

/** The snapshot of an Observable says below its diagram what the letters are. */
const explainsLetter = /^\s*[A-Za-z\d#] = /
