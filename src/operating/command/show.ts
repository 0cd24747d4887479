import type { KeptEvents } from '../../sqlite/journal/read-journal.ts'
import { quoted } from '../scopes.ts'
import type { Call } from './arguments.ts'
import { openReader } from './open-target.ts'
import { alarmSheet } from './print-alarms.ts'
import { columnsOf, jsonLine, type Terminal } from './terminal.ts'
import { EXIT, UsageError } from './usage.ts'

/** All that is known of one alarm; where a journal was kept, what happened to its actor last, also if there is no alarm any more. */
export async function show(call: Call, terminal: Terminal): Promise<number> {
  const key = call.rest[0] as string
  const kept = await keptEvents(call, key)
  const isHeld = await showAlarm(call, key, terminal)
  if (!isHeld) terminal.say(`There is no alarm of ${quoted(key)}.\n`)
  if (kept === null) return isHeld ? EXIT.done : EXIT.found
  if (kept.events.length === 0) {
    terminal.say(`The journal has nothing of ${quoted(key)}.\n`)
    return isHeld ? EXIT.done : EXIT.found
  }
  await showEvents(call, kept, terminal, isHeld)
  return EXIT.done
}

async function keptEvents({ options }: Call, key: string): Promise<KeptEvents | null> {
  if (options.journal === undefined) {
    if (options.limit !== undefined) throw new UsageError('show has a --limit for the events of a --journal.')
    return null
  }
  const { readJournal } = await import('../../sqlite/journal/read-journal.ts')
  return readJournal({ file: options.journal, key })
}

async function showAlarm({ target, options }: Call, key: string, terminal: Terminal): Promise<boolean> {
  const reader = await openReader(target, options.schema)
  try {
    for await (const alarm of reader.list({ key })) {
      if (options.json) terminal.out(jsonLine(alarm))
      else {
        const stats = alarm.lease === null && !alarm.paused ? null : await reader.stats()
        terminal.out(alarmSheet(alarm, terminal.now(), stats, columnsOf(terminal)))
      }
      return true
    }
    return false
  } finally {
    await reader.close()
  }
}

async function showEvents(
  { options: { json, limit } }: Call,
  kept: KeptEvents,
  terminal: Terminal,
  isHeld: boolean,
): Promise<void> {
  if (json) {
    for (const event of kept.events.slice(-(limit ?? kept.events.length))) terminal.out(jsonLine(event))
    return
  }
  const { journalPictures } = await import('../journal/journal-pictures.ts')
  terminal.out(`${isHeld ? '\n' : ''}${journalPictures(kept, limit, terminal.columns)}`)
}
