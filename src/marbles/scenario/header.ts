import { exactMs, type Unit } from './duration.ts'
import type { Scenario } from './format.ts'

type Header = Omit<Scenario, 'title' | 'columns' | 'lanes' | 'notes'>
type Names = keyof Header | 'title'

/** One line above the lanes: how it is read and, exactly the other way round, how it is written. */
interface HeaderLine {
  readonly expected: string
  readonly read: RegExp
  parse(match: RegExpMatchArray): Partial<Header & { title: string }>
  print(scenario: Scenario): string | undefined
  /** one that differs from others, and where it is in the value */
  mistake?(value: string): Mistake | undefined
}

interface Mistake {
  readonly at: number
  readonly expected: string
}

const number = String.raw`\d+(?:\.\d+)?`
const mark = '[0-9A-Za-z]'
const unit = '(?:ms|s|m)'
const seconds = `${number}(?: ?${unit})?`

/** `500ms`, `30 s`, `1.5 m`, or seconds without a unit, as ms. */
function msOf(written: string): number {
  const [, size, name = 's'] = written.match(/^([\d.]+) ?([a-z]+)?$/)!
  return exactMs(size!, name as Unit)
}
const secondsOf = (written: string): number => msOf(written) / 1_000

const line = (
  expected: string,
  read: RegExp,
  parse: HeaderLine['parse'],
  print: HeaderLine['print'],
  mistake?: HeaderLine['mistake'],
): HeaderLine => ({ expected, read, parse, print, ...(mistake && { mistake }) })

/** A time with a fraction of a ms, which no alarm and no clock has. */
function fractionIn(value: string): Mistake | undefined {
  const fraction = [...value.matchAll(new RegExp(`(?<![\\w.])${seconds}`, 'g'))].find(
    ([written]) => !Number.isInteger(msOf(written)),
  )
  return (
    fraction && {
      at: fraction.index,
      expected: `whole milliseconds, not a fraction of one as in ${fraction[0]}`,
    }
  )
}

/** A letter that is there twice, or a method that is called. */
export function mistakeInWhere(value: string): Mistake | undefined {
  const letters = new Set<string>()
  for (const { index, 1: letter = '', 2: meant, 3: given } of value.matchAll(
    /(\w) = ([^,(]*)(\([^)]*\)?)?/g,
  )) {
    if (letters.has(letter)) return { at: index, expected: `${letter} once: a letter stands for one thing` }
    letters.add(letter)
    if (given !== undefined)
      return {
        at: index,
        expected:
          'the name of a method, which is called without arguments. Let the actor have one that says the rest, such as ' +
          `mine: () => actor.${meant}${given}, and write ${letter} = mine`,
      }
  }
  return undefined
}

const none = (alarm: string): string => (alarm === 'x' ? 'none' : alarm)
const unnamed = (alarm: string): string => (alarm === 'none' ? 'x' : alarm)

/** In the order in which they are printed. */
export const headerLines: Record<Exclude<Names, 'manager'>, HeaderLine> = {
  title: line(
    'what the scenario shows, in a sentence',
    /^(\S.*)$/,
    ([, title]) => ({ title: title! }),
    ({ title }) => title,
  ),
  from: line(
    'the test or the rule that the scenario comes from',
    /^(\S.*)$/,
    ([, from]) => ({ from: from! }),
    ({ from }) => from,
  ),
  alarm: line(
    'what store and manager hold at first, such as 1 or none, or where they differ: 1, manager 2',
    new RegExp(`^(none|${mark})(?:, manager (none|${mark}))?$`),
    ([, alarm, manager]) => ({
      alarm: unnamed(alarm!),
      ...(manager !== undefined && { manager: unnamed(manager) }),
    }),
    ({ alarm, manager }) => none(alarm) + (manager === undefined ? '' : `, manager ${none(manager)}`),
  ),
  where: line(
    'letters and their alarm times in seconds, such as a = 10, b = 20; x is none; in toMatchMarbles also methods of the actor, ' +
      'such as t = touch',
    new RegExp(`^([A-Za-wyz] = ${seconds}(?:, [A-Za-wyz] = ${seconds})*)$`),
    ([, list]) => ({
      where: Object.fromEntries(
        list!.split(', ').map((entry) => [entry[0]!, secondsOf(entry.slice(4))] as const),
      ),
    }),
    ({ where }) =>
      where &&
      Object.entries(where)
        .map(([letter, seconds]) => `${letter} = ${seconds}`)
        .join(', '),
    (value) => mistakeInWhere(value) ?? fractionIn(value),
  ),
  clock: line(
    'what the clock reads in the first column, in seconds',
    new RegExp(`^(${seconds})$`),
    ([, clock]) => ({ clock: secondsOf(clock!) }),
    ({ clock }) => clock?.toString(),
    fractionIn,
  ),
  column: line(
    'what one column takes, such as 500 ms or 1 s',
    new RegExp(`^([1-9]\\d* ?${unit})$`),
    ([, column]) => ({ column: msOf(column!) }),
    ({ column }) => (column === undefined ? undefined : `${column} ms`),
  ),
  fence: line(
    'none, for a manager that delivers no fence',
    /^none$/,
    () => ({ fence: 'none' }),
    ({ fence }) => fence,
  ),
  retry: line(
    'none, or the rests between the retries of a later write, such as 2 4 8 ms',
    /^(?:none|(\d+(?: \d+)*) ms)$/,
    ([, rests]) => ({ retry: rests?.split(' ').map(Number) ?? [] }),
    ({ retry }) => retry && (retry.length === 0 ? 'none' : `${retry.join(' ')} ms`),
  ),
  timeout: line(
    'after which a write or a commit is given up, such as 3 ms',
    /^([1-9]\d*) ms$/,
    ([, timeout]) => ({ timeout: Number(timeout) }),
    ({ timeout }) => (timeout === undefined ? undefined : `${timeout} ms`),
  ),
  reconcile: line(
    'yes, for an alarm that writes what is stored when it is opened',
    /^yes$/,
    () => ({ reconcile: true }),
    ({ reconcile }) => reconcile && 'yes',
  ),
  broken: line(
    'the code of the error that breaks the alarm, such as ALARM_COMMIT_FAILED',
    /^([A-Z][A-Z_]*)$/,
    ([, broken]) => ({ broken: broken! }),
    ({ broken }) => broken,
  ),
}

export const isHeaderName = (name: string): name is keyof typeof headerLines =>
  Object.hasOwn(headerLines, name)
