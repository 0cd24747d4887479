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
