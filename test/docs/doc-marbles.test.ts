import { describe, expect, it } from 'vitest'
import { drawNamed, runAlarm } from './doc-marbles/alarm.ts'
import { docComments } from './doc-marbles/comments.ts'
import { printRow, readPicture } from './doc-marbles/lanes.ts'
import { runOperator } from './doc-marbles/operator.ts'

/** Operators whose comment needs no picture, and why. */
const withoutPicture: Readonly<Record<string, string>> = {
  'Fleet.abandon': 'is Alarm.abandon of the actor that it is for',
  'Fleet.deliver': 'is Alarm.deliver of the actor that it is for',
  'PostgresManager.deliveries': 'is AlarmManager.deliveries',
  'PostgresManager.writeMany': 'is AlarmManager.writeMany',
  'PostgresTimers.deliver': 'is NamedTimers.deliver, over rows',
  'PostgresTimers.deliverBatch': 'is NamedTimers.deliver, with one call for all',
  'StoredTimers.deliver': 'is NamedTimers.deliver, over rows',
  'StoredTimers.deliverBatch': 'is NamedTimers.deliver, with one call for all',
  checkTrace: 'emits nothing where all is allowed',
}
/** Handles, which are no operators, but do what one does. */
const handles = ['openAlarm', 'multiplexTimers']

const comments = docComments()
const drawn = comments.flatMap((comment) => comment.pictures.map((picture) => ({ ...comment, picture })))

describe('the marbles in doc comments', () => {
  it('are there for every public operator', () => {
    const operators = comments.filter(
      (each) => each.isPublic && (each.isOperator || handles.includes(each.name)),
    )
    const bare = operators.filter(({ pictures }) => pictures.length === 0).map(({ name }) => name)
    expect(bare.toSorted()).toEqual(Object.keys(withoutPicture))
    expect(operators.length).toBeGreaterThan(20)
  })

  it('are fenced, which is where they are found', () => {
    const indented = comments.filter(({ text }) => /^ {4}\w+\$? .*--/m.test(text))
    expect(indented.map(({ name }) => name)).toEqual([])
  })

  it.each(drawn)('$name is drawn as it runs', ({ name, text, picture }) => {
    const { given, call, seen } = readPicture(picture)
    if (/^ +\|-/m.test(picture)) return expect(picture).toBe(drawNamed(text))
    if (call === undefined) return expect(picture).toBe(runAlarm(name, picture))
    expect(seen.length).toBeGreaterThan(0)
    expect(call).toContain(`${name.split('.').at(-1)}(`)
    expect(seen.map(printRow).join('\n')).toBe(runOperator(given, call, seen).map(printRow).join('\n'))
  })
})
