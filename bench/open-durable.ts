import { DatabaseSync } from 'node:sqlite'

/** A file as durable as that of each contender: a WAL, and an fsync at each commit. */
export function openDurable(file: string): DatabaseSync {
  const database = new DatabaseSync(file)
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  return database
}
