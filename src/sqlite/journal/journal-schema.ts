import type { Schema } from '../open-database.ts'

/** What brings the table to each version from the one before. */
const STEPS: readonly string[] = [
  `
    CREATE TABLE turn (
      id INTEGER PRIMARY KEY,     -- in the order in which they were written, of all actors
      key BLOB,                   -- of the actor, UTF-8; null: a gap in what is kept, of any of them
      recording INTEGER NOT NULL, -- one call of recordJournal: another number is another life of the actor
      last INTEGER NOT NULL,      -- how many events of this actor there were when this turn had ended
      events TEXT NOT NULL        -- of this turn, without their key, JSON
    ) STRICT;
    CREATE INDEX turn_of ON turn (key, last);
  `,
]

/** The table of a journal: a row for each actor to which something happened in a turn of the event loop. */
export const journalSchema: Schema = {
  name: 'journals',
  applicationId: 0x6e6c6a6f, // "nljo"
  version: STEPS.length,
  migrate(db, from) {
    for (const step of STEPS.slice(from)) db.exec(step)
  },
}
