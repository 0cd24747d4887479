import type { DatabaseSync } from 'node:sqlite'

/** The stores of this process by their files: the last one that was opened on each. */
const owners = new Map<string, () => void>()

/**
 * Asks the store of this process that has the file to give way, before another one is opened on it.
 *
 * It would keep the file locked for as long as its manager does not answer, and the lock is waited for by the very thread that the answer arrives on.
 */
export function askToGiveWay(db: DatabaseSync): void {
  owners.get(fileOf(db))?.()
}

/** Owns the file from here on, until another one is opened on it; returns what ends that. */
export function own(db: DatabaseSync, giveWay: () => void): () => void {
  const file = fileOf(db)
  if (file !== '') owners.set(file, giveWay)
  return () => {
    if (owners.get(file) === giveWay) owners.delete(file)
  }
}

/** As SQLite has resolved it, however it was spelled; `''` for one in memory, which no other connection has. */
function fileOf(db: DatabaseSync): string {
  const { file } = db.prepare("SELECT file FROM pragma_database_list WHERE name = 'main'").get() as {
    file: string | null
  }
  return file ?? ''
}
