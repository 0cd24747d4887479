import type { Schema } from './open-database.ts'

/** What brings the table to each version from the one before. */
const STEPS: readonly string[] = [
  `
    CREATE TABLE alarm (
      key TEXT NOT NULL PRIMARY KEY,
      time INTEGER,          -- the alarm, ms since the epoch; null: none
      fence INTEGER NOT NULL, -- of the last write
      set_by INTEGER NOT NULL, -- the fence of the write that set this alarm
      done INTEGER,          -- the alarm that was delivered and removed under this fence
      due INTEGER,           -- when to look at it next; null: never, as there is no alarm, or it has failed
      counted INTEGER NOT NULL,
      uncounted INTEGER NOT NULL,
      leased_until INTEGER,
      holder TEXT,
      changed_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX alarm_due ON alarm (due) WHERE due IS NOT NULL;
    CREATE INDEX alarm_removed ON alarm (changed_at) WHERE due IS NULL;
  `,
  // Alarms that have failed are kept: what is not due is no removal any more.
  `
    ALTER TABLE alarm ADD COLUMN last_error TEXT; -- JSON
    ALTER TABLE alarm ADD COLUMN begun INTEGER NOT NULL DEFAULT 0; -- 1: it was delivered; what it waits for is no time of the clock
    UPDATE alarm SET begun = 1 WHERE leased_until IS NOT NULL OR due > time OR counted + uncounted > 0;
    DROP INDEX alarm_removed;
    CREATE INDEX alarm_removed ON alarm (changed_at) WHERE time IS NULL;
    CREATE INDEX alarm_failed ON alarm (time) WHERE due IS NULL AND time IS NOT NULL;
    -- Those that wait for the end of a lease or of a back-off.
    CREATE INDEX alarm_waiting ON alarm (changed_at) WHERE due IS NOT NULL AND (begun = 1 OR leased_until IS NOT NULL);
    -- How far the wall clock was ahead of the machine's when the rows were put right, and what that one read, ms.
    CREATE TABLE clock (id INTEGER PRIMARY KEY, ahead INTEGER NOT NULL, elapsed INTEGER NOT NULL) STRICT;
  `,
  // What is paused, and which processes deliver.
  `
    ALTER TABLE alarm ADD COLUMN aside INTEGER; -- the generation of pauses in which it was due; null: it was not paused by then
    DROP INDEX alarm_due;
    CREATE INDEX alarm_due ON alarm (aside, due) WHERE due IS NOT NULL;
    CREATE INDEX alarm_aside ON alarm (due) WHERE aside IS NOT NULL;
    CREATE TABLE pauses (id INTEGER PRIMARY KEY, generation INTEGER NOT NULL, scopes TEXT NOT NULL) STRICT; -- JSON
    CREATE TABLE deliverer (
      holder TEXT NOT NULL PRIMARY KEY, -- as that of a lease
      process TEXT NOT NULL,
      since INTEGER NOT NULL,
      seen INTEGER NOT NULL,  -- when it reported last, ms since the epoch
      minute TEXT NOT NULL    -- what it did in the minute before that, JSON
    ) STRICT;
  `,
]

/** The table of a manager: a row for every key that has an alarm, or whose last fence is remembered. */
export const alarmSchema: Schema = {
  name: 'alarms',
  applicationId: 0x6e6c616d, // "nlam"
  version: STEPS.length,
  migrate(db, from) {
    for (const step of STEPS.slice(from)) db.exec(step)
  },
}
