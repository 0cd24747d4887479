import type { Schema } from './open-database.ts'

/** The table of a manager: a row for every key that has an alarm, or whose last fence is remembered. */
export const alarmSchema: Schema = {
  name: 'alarms',
  applicationId: 0x6e6c616d, // "nlam"
  version: 1,
  migrate(db) {
    db.exec(`
      CREATE TABLE alarm (
        key TEXT NOT NULL PRIMARY KEY,
        time INTEGER,          -- the alarm, ms since the epoch; null: none
        fence INTEGER NOT NULL, -- of the last write
        set_by INTEGER NOT NULL, -- the fence of the write that set this alarm
        done INTEGER,          -- the alarm that was delivered and removed under this fence
        due INTEGER,           -- when to look at it next; null: never
        counted INTEGER NOT NULL,
        uncounted INTEGER NOT NULL,
        leased_until INTEGER,
        holder TEXT,
        changed_at INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX alarm_due ON alarm (due) WHERE due IS NOT NULL;
      CREATE INDEX alarm_removed ON alarm (changed_at) WHERE due IS NULL;
    `)
  },
}
