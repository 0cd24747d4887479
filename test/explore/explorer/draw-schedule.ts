import type { AlarmTime } from '../../../src/index.ts'
import type { World } from './world.ts'

/** One thing that happened, and the worlds around it. */
export interface Moment {
  readonly move: string
  readonly before: World
  readonly after: World
}

/** What a lane shows of a moment, and what fills the rest of its column. */
type Cell = readonly [mark: string, filler: '-' | '.' | ' ']

const lanes: Record<string, (moment: Moment) => Cell> = {
  life({ move, before, after }) {
    const broke = after.engine?.broken === true && before.engine?.broken === false
    const mark = move === 'open' ? '^' : move === 'crash' ? '!' : broke ? '#' : ''
    return [mark, after.engine === null || after.engine.broken ? ' ' : '-']
  },
  intents: ({ move }) => [
    /^(set|delete|touch)/.test(move)
      ? move.replace('set', '').replace('delete', 'x').replace('touch', 't')
      : '',
    '-',
  ],
  gate({ before, after }) {
    const out =
      before.values.length + (after.left.intents < before.left.intents ? 1 : 0) - after.values.length
    const isLost = after.engine === null || after.engine.broken || after.epoch > before.epoch
    return [isLost ? '' : 'v'.repeat(out), after.values.length > 0 ? '.' : '-']
  },
  commit: ({ move, before, after }) => callOf('commit', move, before.commit, after.commit),
  store: ({ before, after }) => [after.store === before.store ? '' : markOf(after.store), '-'],
  write: ({ move, before, after }) => callOf('write', move, before.write, after.write),
  manager({ move, before, after }) {
    const isChanged = after.manager.time !== before.manager.time
    return [(move.startsWith('land') ? '~' : '') + (isChanged ? markOf(after.manager.time) : ''), '-']
  },
  wake({ move, before, after }) {
    const mark = move.startsWith('wake') ? markOf(before.manager.time) : ''
    if (move.startsWith('done')) return [move === 'done' ? '+' : '~', '-']
    const begun = before.lease !== null || mark !== ''
    const end =
      !begun || before.lease?.state === 'answered'
        ? ''
        : after.lease === null
          ? '#'
          : after.lease.state === 'answered'
            ? '|'
            : ''
    return [mark + end, after.lease === null ? '-' : '.']
  },
  handler({ move, before, after }) {
    const isCalled = after.run !== null && before.run === null
    const isEnd = before.run !== null && after.run === null && after.engine !== null
    const end = move === 'run.ok' ? '|' : isEnd ? '#' : ''
    return [end + (isCalled ? markOf(after.run.time) : ''), after.run === null ? '-' : '.']
  },
}

const legend =
  'x none or delete   . under way   + applied   | acknowledged   # failed   ~ late or lost   v through the gate   ^ opened   ! crashed'

/** Draws a schedule, one column for each thing that happens. */
export function drawSchedule(moments: readonly Moment[]): string {
  const [first] = moments
  if (first === undefined) return ''
  const cells = moments.map((moment) => Object.values(lanes).map((cellOf) => cellOf(moment)))
  const widths = cells.map((column) => Math.max(...column.map(([mark]) => mark.length)) + 1)
  const { store, manager } = first.before
  const start: Record<string, string> = { store: markOf(store), manager: markOf(manager.time), life: ' ' }
  const rows = Object.keys(lanes).map((name, lane) => {
    let filler = '-'
    const row = cells.map((column, i) => {
      const [mark, next] = column[lane]!
      filler = next
      return mark === '' ? filler.repeat(widths[i]!) : mark.padEnd(widths[i]!, filler)
    })
    return `  ${name.padEnd(9)}${(start[name] ?? '-').padEnd(2, name === 'life' ? ' ' : '-')}${row.join('')}`
  })
  return [...rows, `  ${legend}`].join('\n')
}

function callOf(name: string, move: string, before: Call | null, after: Call | null): Cell {
  let mark = ''
  if (move === `${name}.applied`) mark = '+'
  else if (move === `${name}.ok`) mark = '|'
  else if (move === `${name}.fail` || move === `${name}.giveup`) mark = '#'
  const isNew = after !== null && after !== before && !after.applied
  return [isNew ? mark + markOf(after.time) : mark, after === null ? '-' : '.']
}

interface Call {
  readonly time: AlarmTime
  readonly applied: boolean
}

function markOf(time: AlarmTime): string {
  return time === null ? 'x' : String(time)
}
