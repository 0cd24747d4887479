import { type Ending, LANES, type Lane, type Mark } from './draw-model.ts'

type LaneName = Lane['name']

/** A mark while its story goes on. */
export type Draft = { -readonly [Name in keyof Mark]: Mark[Name] }

type Drawn = Pick<Mark, 'look' | 'from' | 'label' | 'tooltip' | 'time' | 'uncertain'>

/** The lanes of one actor while they are drawn. */
export interface Sheet {
  point(lane: LaneName, mark: Drawn): void
  begin(lane: LaneName, mark: Drawn): Draft
  /** ends a span, if there is one to end */
  end(mark: Draft | undefined, to: number, ending: Ending | null, story: string): void
  /** from here on a lane has another value */
  state(lane: LaneName, mark: Drawn): void
  /** the newest mark that fits */
  find(lane: LaneName, fits: (mark: Draft) => boolean): Draft | undefined
  /** the newest one that fits of those that have begun and not ended */
  findOpen(lane: LaneName, fits?: (mark: Draft) => boolean): Draft | undefined
  /** what has begun and not ended */
  readonly open: readonly Draft[]
  /** the lanes in which something happened */
  readonly lanes: readonly Lane[]
}

export function openSheet(): Sheet {
  const lanes = new Map<LaneName, Draft[]>(LANES.map((name) => [name, []]))
  // Looked through with each event, so they are kept by themselves.
  const open = new Map<LaneName, Set<Draft>>(LANES.map((name) => [name, new Set()]))
  const add = (lane: LaneName, mark: Draft): Draft => {
    lanes.get(lane)!.push(mark)
    return mark
  }
  const end: Sheet['end'] = (mark, to, ending, story) => {
    if (mark === undefined) return
    mark.to = to
    for (const drafts of open.values()) drafts.delete(mark)
    if (ending !== null) mark.ending = ending
    mark.tooltip += story
  }
  return {
    point: (lane, mark) => add(lane, { shape: 'point', to: mark.from, ...mark }),
    begin(lane, mark) {
      const begun = add(lane, { shape: 'span', to: null, ...mark })
      open.get(lane)!.add(begun)
      return begun
    },
    end,
    state(lane, mark) {
      const last = lanes.get(lane)!.at(-1)
      if (last?.label === mark.label) return
      if (last !== undefined) last.to = mark.from
      add(lane, { shape: 'state', to: null, ...mark })
    },
    find: (lane, fits) => lanes.get(lane)!.findLast(fits),
    findOpen: (lane, fits = () => true) => [...open.get(lane)!].findLast(fits),
    get open() {
      return [...open.values()].flatMap((drafts) => [...drafts])
    },
    get lanes() {
      return [...lanes].flatMap(([name, marks]) => (marks.length === 0 ? [] : [{ name, rows: stack(marks) }]))
    },
  }
}

/** Marks that would overlap go to rows of their own. */
function stack(marks: readonly Draft[]): Draft[][] {
  const rows: Draft[][] = []
  for (const mark of marks) {
    const row = rows.find((row) => isFree(row.at(-1)!, mark))
    if (row === undefined) rows.push([mark])
    else row.push(mark)
  }
  return rows
}

function isFree({ to, shape, ending }: Draft, next: Draft): boolean {
  if (to === null || to > next.from) return false
  // Two in one column: only where one of them takes no room in it.
  return to < next.from || (shape !== 'point' && ending === undefined) || next.look === 'rest'
}
