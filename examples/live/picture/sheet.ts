/** Pixels that a millisecond takes on the moving ruler. */
export const SCALE = 0.18
export const ROW = 22
/** the line above the lanes, for flags */
const TOP = 20

/** One thing on the moving ruler, as SVG. Its place is from the beginning of time, so that the ruler can move under it. */
export interface Item {
  /** the same as long as it is the same thing */
  readonly id: string
  readonly row: number
  readonly from: number
  readonly to: number | null
  /** it lasts: what is after now is not shown */
  readonly lasts: boolean
  /** markup, with its explanation as the title */
  readonly svg: string
}

/** The lanes of one panel. */
export interface Sheet {
  readonly lanes: readonly { readonly name: string; readonly row: number }[]
  readonly rows: number
  readonly items: readonly Item[]
  /** what stands now, at the end of its row */
  readonly standing: readonly { readonly row: number; readonly text: string; readonly look: string }[]
}

export const heightOf = ({ rows }: Sheet): number => TOP + rows * ROW + 6

export const middleOf = (row: number): number => TOP + row * ROW + ROW / 2

/** A moment, or an alarm, in seconds. */
export const seconds = (ms: number | null): string => (ms === null ? 'none' : `${ms / 1000}s`)
