import type { Client } from 'pg'
import { type Backlog, fill, fireAll } from './backlog.ts'
import type { ContenderId } from './contenders.ts'
import type { Place } from './queue.ts'
import { type Rows, rowsOf, sizeOf } from './server-figures.ts'

export interface Room {
  /** of a pending alarm: tables and indexes */
  readonly bytes: number
  /** once all of them have fired, and what is left of them */
  readonly fired?: Backlog & { readonly rows: Rows }
}

/** What many pending alarms weigh, and what is left when they have fired, where that is wanted. */
export async function measureRoom(
  id: ContenderId,
  place: Place,
  { fires, ...filling }: { readonly count: number; readonly perSecond: number; readonly fires: boolean },
  client: Client,
): Promise<Room> {
  const size = (): Promise<number> => sizeOf(client, place.schema)
  let empty = 0
  let full = 0
  const due = await fill(id, [place], {
    ...filling,
    async before() {
      empty = await size()
    },
    async after() {
      full = await size()
    },
  })
  const bytes = (full - empty) / filling.count
  if (!fires) return { bytes }
  const backlog = await fireAll(id, due, 1, client)
  return { bytes, fired: { ...backlog, rows: await rowsOf(client, place.schema) } }
}
