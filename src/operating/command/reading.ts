import { setTimeout as sleep } from 'node:timers/promises'
import type { ManagerStats } from '../../vocabulary/manager-stats.ts'
import type { Call } from './arguments.ts'
import { openReader, type Reader } from './open-target.ts'
import { alarmTable } from './print-alarms.ts'
import { statsPage } from './print-stats.ts'
import { withProgress } from './progress.ts'
import { show } from './show.ts'
import { columnsOf, jsonLine, type Terminal } from './terminal.ts'
import { EXIT } from './usage.ts'

const ROWS = 100

/** The commands that change nothing. */
export const reading: Readonly<Record<string, (call: Call, terminal: Terminal) => Promise<number>>> = {
  list: (call, terminal) =>
    read(call, async (reader) => {
      const { state, prefix, after, json, limit = json ? Infinity : ROWS } = call.options
      const asked = {
        limit: limit + 1, // one more: whether there is more
        ...(state !== undefined && { state }),
        ...(prefix !== undefined && { prefix }),
        ...(after !== undefined && { after }),
      }
      const { head, row } = alarmTable(columnsOf(terminal), terminal.now())
      let count = 0
      let stats: ManagerStats | null = null // by which a lease is known to be a dead process's
      await withProgress(terminal, 'looking for alarms', async () => {
        for await (const alarm of reader.list(asked)) {
          if (terminal.signal.aborted || ++count > limit) break
          if (json) {
            terminal.out(jsonLine(alarm))
            continue
          }
          if (alarm.lease !== null) stats ??= await reader.stats()
          terminal.out((count === 1 ? head : '') + row(alarm, stats))
        }
      })
      if (count > limit && !json) terminal.say(`There are more: --limit N, or --after KEY.\n`)
      if (count === 0 && !json) terminal.say('There are none.\n')
      return count === 0 ? EXIT.found : EXIT.done
    }),
  stats: (call, terminal) =>
    read(call, async (reader) => {
      const { json, watch } = call.options
      let height = 0
      for (;;) {
        const stats = await withProgress(terminal, 'counting', () => reader.stats())
        const page = json ? jsonLine(stats) : statsPage(stats)
        const over = terminal.isTerminal && !json && height > 0 ? `\u001b[${height}A\u001b[J` : ''
        terminal.out(over + page)
        if (!watch) return EXIT.done
        height = page.split('\n').length - 1
        await sleep(1_000, undefined, { signal: terminal.signal }).catch(() => {})
        if (terminal.signal.aborted) return EXIT.done
      }
    }),
  show,
}

async function read(
  { target, options: { schema } }: Call,
  use: (reader: Reader) => Promise<number>,
): Promise<number> {
  const reader = await openReader(target, schema)
  try {
    return await use(reader)
  } finally {
    await reader.close()
  }
}
