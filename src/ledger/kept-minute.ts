import { type Dated, datedFrom, type KeptDeliverer, type Minute, type Past, sumOf } from './activity.ts'
import type { Look } from './stats.ts'

/** In SQL, which texts are those of `goneText`: of no use when the row is a minute old. */
export const GONE = `minute LIKE '%"gone":%'`

/** What is kept in the row of a deliverer, in the place of its last minute, where it delivers no more. */
export function goneText(past: readonly Past[]): string {
  return JSON.stringify({ ...sumOf([]), gone: past })
}

/** Parts the rows of those that deliver from what is left of those that do no more. */
export function keptOf(
  rows: readonly (Omit<KeptDeliverer, 'minute'> & { readonly minute: string })[],
): Pick<Look, 'deliverers' | 'gone'> {
  const deliverers: KeptDeliverer[] = []
  const gone: Dated[] = []
  for (const { minute, ...row } of rows) {
    const kept = JSON.parse(minute) as Minute & { readonly gone?: readonly Past[] }
    if (kept.gone === undefined) deliverers.push({ ...row, minute: kept })
    else gone.push(...datedFrom(row.seen, kept.gone))
  }
  return { deliverers, gone }
}
