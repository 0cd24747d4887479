import { AlarmError } from '../../vocabulary/errors.ts'

/** A wrong call of the command: what was expected, and where to read more. */
export class UsageError extends AlarmError {
  constructor(message: string) {
    super('ALARM_CONFIG_INVALID', `${message} nolater --help says more.`)
  }
}

export const EXIT = { done: 0, found: 1, usage: 2, failed: 3 } as const

export const help = `nolater: see the alarms of a manager, and repair them

  nolater list TARGET [--state STATE] [--prefix P] [--limit N] [--after KEY]
  nolater stats TARGET [--watch]
  nolater show TARGET KEY [--journal FILE [--limit N]]
  nolater retry TARGET KEY... | --all [--prefix P]
  nolater reschedule TARGET KEY TIME      (ISO 8601 with its zone, or ms)
  nolater discard TARGET KEY...
  nolater pause TARGET KEY | --prefix P | --all
  nolater resume TARGET KEY | --prefix P | --all
  nolater doctor TARGET [STORE...] [--fix]
  nolater ui TARGET [--port N] [--host H] [--token T] [--change]
             [--journal FILE]

TARGET is the file of an sqliteManager, or the postgres:// URL of a
postgresManager; --schema NAME where its schema is not nolater. FILE is what
recordJournal keeps: show draws the last N events of KEY, 40 unless given,
and ui those of each actor.

  --json       a line of JSON for each result, for scripts
  --fence N    only if the failed alarm still has this fence
  --help, --version

list, stats and show change nothing. The others change what a manager
delivers, never what an actor has set: retry, reschedule and discard are
for alarms that were given up. doctor says what is wrong with a manager and
the files of its stores; with --fix it repairs that, one after the other.
ui serves a page that shows all this, live, on port 4400 of this machine alone;
with --host for others too, behind a token. It only reads without --change.

STATE: pending, due, delivering, backing-off, failed
Exit: 0 done; 1 there was nothing like it, or faults are left; 2 a wrong call;
      3 the target cannot be opened, or failed
`
