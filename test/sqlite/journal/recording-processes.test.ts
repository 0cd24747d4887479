import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { readJournal } from '../../../src/sqlite/journal/read-journal.ts'
import { runNode } from '../../run-node.ts'
import { newFile } from '../files.ts'

const script = (end: string): string => `
  import { openAlarm } from 'nolater'
  import { recordJournal } from 'nolater/sqlite'
  const alarm = openAlarm({ key: '42', commit: () => [], write: () => [] })
  recordJournal(alarm, { file: process.env.JOURNAL })
  alarm.set(5)
  await new Promise((resolve) => setImmediate(resolve))
  alarm.set(6)
  ${end}`
const node = ['--input-type=module-typescript', '-e']
const times = (file: string) =>
  readJournal({ file, key: '42' }).events.flatMap((event) => (event.kind === 'intent' ? [event.time] : []))

describe('a process that records a journal', () => {
  it('ends by itself, and has written its last turn', () => {
    const file = newFile()
    runNode([...node, script('')], { env: { JOURNAL: file } })
    expect(times(file)).toEqual([5, 6])
  })

  it('loses its last turn where it is killed, and no more', () => {
    const file = newFile()
    const sources = new URL('../../run-sources.mjs', import.meta.url).href
    const { signal } = spawnSync(
      process.execPath,
      ['--import', sources, ...node, script("process.kill(process.pid, 'SIGKILL')")],
      { env: { ...process.env, JOURNAL: file }, timeout: 60_000 },
    )
    expect(signal).toBe('SIGKILL')
    expect(times(file)).toEqual([5])
  })
})
