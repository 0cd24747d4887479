import { type SqliteFleet, type SqliteFleetOptions, sqliteFleet } from 'nolater/sqlite'
import { afterEach } from 'vitest'
import { newFile } from '../files.ts'
import { type BothFiles, bothFiles } from './both-files.ts'

export const HOUR = 3_600_000
let ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.reverse()) await end()
  ends = []
})

export interface FilesRig {
  readonly file: string
  readonly fleet: SqliteFleet
  readonly files: BothFiles
  /** one more over the same files */
  open(options?: Partial<SqliteFleetOptions>): Promise<SqliteFleet>
}

/** A fleet with a table `item (actor, name)`, closed after the test. */
export async function rig(options: Partial<SqliteFleetOptions> = {}): Promise<FilesRig> {
  const { file = newFile() } = options
  const open = async (more: Partial<SqliteFleetOptions> = {}): Promise<SqliteFleet> => {
    const fleet = await sqliteFleet({ file, handler: () => [], ...options, ...more })
    ends.push(() => fleet.close().catch(() => {}))
    return fleet
  }
  const fleet = await open()
  const files = bothFiles(file, options.managerFile)
  ends.push(() => files.close())
  files.actors.exec('CREATE TABLE IF NOT EXISTS item (actor TEXT, name TEXT UNIQUE)')
  return { file, fleet, files, open }
}
