import type { ScriptLine } from './script.ts'

/** A script that cannot be run, with the number of the line that is to blame. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError'
}

const EXPECTED =
  '{"at": ms from the start, "actor": "name", "set": ms from the start} or {"at": ..., "actor": ..., "delete": true}'

/**
 * Reads a script in JSONL, sorted by time; lines of the same time stay in their order. Empty lines are skipped.
 *
 * Throws a `ScriptError` for the first line that is malformed: half a script is not run.
 */
export function parseScript(text: string): ScriptLine[] {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .flatMap((line, i) => (line.trim() === '' ? [] : [parseLine(line, i + 1)]))
  if (lines.length === 0) throw new ScriptError(`there is no line in it; expected lines of ${EXPECTED}`)
  return lines.sort((a, b) => a.at - b.at)
}

function parseLine(text: string, number: number): ScriptLine {
  const refuse = (why: string): never => {
    throw new ScriptError(`line ${number}: ${why}; expected ${EXPECTED}`)
  }
  const checkMs = (name: string, value: unknown): number => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
    return refuse(`"${name}" must be a whole number of ms, 0 or more, and is ${show(value)}`)
  }

  let line: unknown
  try {
    line = JSON.parse(text)
  } catch (error) {
    return refuse(`not JSON (${(error as Error).message})`)
  }
  if (typeof line !== 'object' || line === null || Array.isArray(line))
    return refuse(`${show(line)} is no object`)

  const { at, actor, set, delete: isDelete, ...rest } = line as Record<string, unknown>
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) return refuse(`"${unknown}" is unknown`)
  if (typeof actor !== 'string' || actor === '') {
    return refuse(`"actor" must be a name, and is ${show(actor)}`)
  }
  const time = checkMs('at', at)
  if (set !== undefined && isDelete !== undefined) return refuse('"set" and "delete" exclude each other')
  if (isDelete !== undefined) {
    return isDelete === true
      ? { at: time, actor, set: null }
      : refuse(`"delete" must be true, and is ${show(isDelete)}`)
  }
  return { at: time, actor, set: checkMs('set', set) }
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing'
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
