import { laneOf, type Scenario } from './format.ts'
import { timeOfMark } from './scale.ts'

const SECOND = 1000

/** Whether the diagram says how its columns stand to the clock. In all others times are earlier and later than each other, and no more. */
export const isOnTheClock = ({ column, clock }: Scenario): boolean =>
  column !== undefined || clock !== undefined

/** The wakes that come before their time by the clock, each with what is wrong about it. */
export function earlyWakes(scenario: Scenario): string[] {
  const { clock = 0, column = 1 } = scenario
  return (laneOf(scenario, 'wake')?.spans ?? []).flatMap(([{ at, marks }]) => {
    const mark = marks[0]!
    const time = timeOfMark(scenario, mark) ?? 0
    const now = Math.round(clock * SECOND) + at * column
    if (time <= now) return []
    const due = at + Math.ceil((time - now) / column)
    return [
      `column ${at}: wake ${mark}, but the clock reads ${now / SECOND} s: ` +
        `no manager delivers ${mark} (${time / SECOND} s) before column ${due}` +
        (column === 1 ? `. A column takes 1 ms; the line column    ${SECOND} ms lets it take a second` : ''),
    ]
  })
}
