import { checkNames } from '../../vocabulary/check-names.ts'
import { kindOf, type Lane, type LaneName, laneOf, type Scenario } from './format.ts'
import { isOnlyIntents } from './keep-actor.ts'
import { layOut } from './lay-out.ts'
import { MarblesError } from './marbles-error.ts'
import { parseMarbles } from './parse-marbles.ts'
import { type MarblesRun, type RunOptions, runMarbles } from './run-marbles.ts'
import type { UnnamedTime } from './unnamed.ts'

const SECOND = 1000

/**
 * Says how what was seen differs from what the diagram says, or `''` where it does not.
 *
 *     an earlier move waits for the later one in flight
 *
 *                 0----5----10---15
 *       ask       5---2-----------
 *     - commit    5.|----2.|------    expected
 *     + commit    5.|-----2.|-----    seen
 *                        ^ column 7
 *       write     --5...|---------
 *                       2.|
 *
 * ```ts
 * const difference = explainMarbles(runMarbles(diagram))
 * if (difference !== '') console.log(difference)
 * ```
 */
export function explainMarbles({ expected, seen, faults, unnamed }: MarblesRun): string {
  const names = [...new Set([...expected.lanes, ...seen.lanes].map(({ name }) => name))]
  const differing = names.filter((name) => firstDifference(expected, seen, name) !== null)
  const isSame = differing.length === 0 && faults.length === 0 && expected.broken === seen.broken
  if (isSame) return ''

  const margin = Math.max(...names.map((name) => name.length)) + 3
  const label = (sign: string, name: string): string => `${sign} ${name.padEnd(margin)}`
  const draw = (sign: string, lane: Lane | undefined, name: LaneName, remark: string): string[] =>
    layOut(lane ?? { name, spans: [] }, expected.columns).map((row, i) =>
      (label(sign, i === 0 ? name : '') + row.padEnd(expected.columns) + (i === 0 ? remark : '')).trimEnd(),
    )

  const lanes = names.flatMap((name) => {
    const column = firstDifference(expected, seen, name)
    if (column === null) return draw(' ', laneOf(expected, name), name, '')
    return [
      ...draw('-', laneOf(expected, name), name, '    expected'),
      ...draw('+', laneOf(seen, name), name, '    seen'),
      `${label(' ', '')}${' '.repeat(column)}^ column ${column}`,
    ]
  })
  const broken =
    expected.broken === seen.broken
      ? []
      : [
          `- broken ${expected.broken ?? 'by nothing'}    expected`,
          `+ broken ${seen.broken ?? 'by nothing'}    seen`,
          ...(seen.broken === undefined ? [] : [sayBroken(seen.broken)]),
        ]
  const parts = [
    [expected.title],
    [label(' ', '') + ruler(expected.columns), ...lanes],
    broken,
    sayMissing(expected, seen),
    faults.map((fault) => `! ${fault}`),
    nameThem(unnamed, faults, expected),
  ]
  return parts
    .filter((part) => part.length > 0)
    .map((part) => part.join('\n'))
    .join('\n\n')
}

/**
 * Runs a scenario through `openAlarm`, and through `keepAlarm` too where it has intents only; throws `MARBLES_DIFFER` with both
 * timelines lined up when what was seen is not what the diagram says, or when something happened that never must.
 *
 * ```ts
 * test('mine', () => {
 *   checkMarbles(readFileSync('marbles/mine.marbles', 'utf8'))
 * })
 * ```
 */
export function checkMarbles(given: Scenario | string, options: Pick<RunOptions, 'engine'> = {}): MarblesRun {
  checkNames('checkMarbles', options, { engine: true })
  const scenario = typeof given === 'string' ? parseMarbles(given) : given
  const run = (through: 'openAlarm' | 'keepAlarm'): MarblesRun => {
    const result = runMarbles(scenario, { ...options, through })
    const report = explainMarbles(result)
    if (report !== '') throw new MarblesError('MARBLES_DIFFER', `Through ${through}: ${report}`)
    return result
  }
  const opened = run('openAlarm')
  if (isOnlyIntents(scenario)) run('keepAlarm')
  return opened
}

/** The first column in which a lane is not what it should be. */
function firstDifference(expected: Scenario, seen: Scenario, name: LaneName): number | null {
  const [left, right] = [expected, seen].map((scenario) => flat(laneOf(scenario, name)))
  const at = left!.findIndex((moment, i) => moment !== right![i])
  if (at === -1 && left!.length === right!.length) return null
  const columns = [left, right].map((moments) =>
    Number.parseInt(moments![at === -1 ? left!.length : at] ?? '', 10),
  )
  return Math.min(...columns.filter((column) => !Number.isNaN(column)))
}

/** The moments of a lane in order; calls keep their own, so that an answer cannot pass for that of another call. */
const flat = (lane: Lane | undefined): string[] =>
  (lane?.spans ?? []).flatMap((span, call) => span.map(({ at, marks }) => `${at} ${marks} ${call}`))

const sayBroken = (code: string): string =>
  `Where it is to break, write the header line broken    ${code}, and # in life in that column.`

/** The lanes without which calls have no answer. */
function sayMissing(expected: Scenario, seen: Scenario): string[] {
  return seen.lanes.flatMap(({ name, spans: [first] }) => {
    if (kindOf(name).role !== 'called' || first === undefined || laneOf(expected, name)) return []
    const [{ at, marks }] = first
    const spans = [
      [
        { at, marks: marks[0]! },
        { at: at + 1, marks: '|' },
      ] as const,
    ]
    const columns = Math.max(expected.columns, at + 2)
    const [row = ''] = layOut({ name, spans }, columns)
    return [
      `The diagram has no lane ${name}, so nothing answers. Draw it, such as`,
      `  ${name.padEnd(10)}${row}`,
    ]
  })
}

/** What each `?` is, and how to give it a mark. */
function nameThem(
  unnamed: readonly UnnamedTime[],
  faults: readonly string[],
  { column }: Scenario,
): string[] {
  const first = [...Map.groupBy(unnamed, ({ time }) => time).values()].map(([one]) => one!)
  // What is a fault is not to be drawn, nor what comes of a wake that no manager delivers.
  const isFault = ({ time }: UnnamedTime): boolean =>
    faults.some((fault) => /^column \d+: wake/.test(fault) || ` ${fault}`.includes(` ${time / SECOND} s`))
  const drawn = first.filter((one) => !isFault(one))
  const legend = first.map(({ column, time }) => `? in column ${column} is ${time / SECOND} s.`)
  if (drawn.length === 0) return legend
  const names = drawn.map(({ letter, time }) => `${letter} = ${time / SECOND}`).join(', ')
  const isOffByColumns = column === undefined && drawn.some(({ time }) => time % SECOND !== 0)
  return [
    ...legend,
    `Name ${drawn.length === 1 ? 'it' : 'them'}: where ${names}`,
    ...(isOffByColumns
      ? [`Or let a column take a second, so that the clock reads whole ones: column    ${SECOND} ms`]
      : []),
  ]
}

/** Columns in tens and fives, to count by. */
function ruler(columns: number): string {
  let text = ''
  while (text.length < columns) text += text.length % 5 === 0 ? `${text.length}` : '-'
  return text
}
