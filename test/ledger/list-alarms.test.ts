import { describe, expect, it } from 'vitest'
import { type Excerpt, listAlarms } from '../../src/ledger/list-alarms.ts'
import { noPauses } from '../../src/ledger/pauses.ts'
import type { ListOptions } from '../../src/vocabulary/listed-alarm.ts'

const NOW = 5_000

/** What is read of the order for a list. */
function readFor(options: ListOptions): Excerpt[] {
  const asked: Excerpt[] = []
  const next = listAlarms(options, {
    now: () => NOW,
    read: () => undefined,
    openRead: () => (excerpt) => {
      asked.push(excerpt)
      return []
    },
    pauses: () => noPauses,
  })()
  while (next() !== null);
  return asked
}

describe('listAlarms', () => {
  it('begins after what is due where only what waits is wanted', () => {
    for (const state of ['pending', 'backing-off'] as const) {
      expect(readFor({ state })).toMatchObject([{ after: { at: NOW } }])
      expect(readFor({ state, after: { key: 'a', time: 1, due: 1 } })).toMatchObject([{ after: { at: 1 } }])
    }
    for (const state of ['due', 'delivering', 'failed', undefined] as const) {
      expect(readFor(state === undefined ? {} : { state })).toMatchObject([{ after: null }])
    }
  })

  it('says where all that is wanted was delivered once', () => {
    for (const state of ['delivering', 'backing-off'] as const) {
      expect(readFor({ state })).toMatchObject([{ begun: true }])
    }
    for (const state of ['pending', 'due', 'failed'] as const) {
      expect(readFor({ state })).toMatchObject([{ begun: false }])
    }
  })
})
