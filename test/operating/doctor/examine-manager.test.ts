import { describe, expect, it } from 'vitest'
import type { LedgerReader } from '../../../src/ledger/ledger-reader.ts'
import { examineManager } from '../../../src/operating/doctor/examine-manager.ts'
import type { Finding } from '../../../src/operating/doctor/finding.ts'
import type { ListedAlarm, ListOptions } from '../../../src/vocabulary/listed-alarm.ts'
import type { ManagerStats } from '../../../src/vocabulary/manager-stats.ts'

const at = 10_000_000
const none = { pending: 0, due: 0, delivering: 0, 'backing-off': 0, failed: 0 }
const deliverer = { holder: 'h', process: 'host:1', since: 0, seen: at }
const overdue = (ms: number) => ({ counts: { ...none, due: 1 }, oldest: { key: 'a', overdue: ms } })
const delivering = {
  key: 'a',
  state: 'delivering',
  lease: { holder: 'h', until: at + 20_000 },
} as ListedAlarm

/** What is found of a manager that stands so. */
async function found(stats: Partial<ManagerStats>, alarms: readonly ListedAlarm[] = []): Promise<Finding[]> {
  const reader = {
    stats: async () => ({ at, counts: none, oldest: null, paused: [], deliverers: [deliverer], ...stats }),
    async *list({ state }: ListOptions = {}) {
      yield* alarms.filter((alarm) => alarm.state === state)
    },
  } as unknown as LedgerReader
  const findings: Finding[] = []
  const open = () => Promise.reject(new Error('nothing is repaired here'))
  for await (const finding of examineManager(reader, open)) findings.push(finding)
  return findings
}

describe('a doctor of a manager', () => {
  it('names what is overdue for ten seconds, as a look may take as long', async () => {
    expect(await found(overdue(9_999))).toEqual([])
    expect(await found(overdue(10_000))).toMatchObject([{ code: 'ALARM_OVERDUE', key: 'a' }])
  })

  it('says that nothing delivers where the last report of all is twelve seconds old', async () => {
    const reported = (...silences: number[]) =>
      found({
        ...overdue(10_000),
        deliverers: silences.map((ms) => ({ ...deliverer, seen: at - ms })),
      })
    expect(await reported(11_999)).toMatchObject([{ code: 'ALARM_OVERDUE' }])
    expect(await reported(12_000)).toMatchObject([{ code: 'NOTHING_DELIVERS', severity: 'fault' }])
    expect(await reported(12_000, 1_000)).toMatchObject([{ code: 'ALARM_OVERDUE' }])
    expect(await reported(30_001)).toMatchObject([
      { text: expect.stringMatching(/^nothing delivers: 1 due/) },
    ])
  })

  it.each(['pending', 'due', 'backing-off'] as const)(
    'says as a notice that nothing delivers while an alarm is %s, and none is late',
    async (state) => {
      const counts = { ...none, [state]: 1 }
      expect(await found({ counts, deliverers: [] })).toMatchObject([
        { code: 'NOTHING_DELIVERS', severity: 'notice', text: expect.stringContaining('1 alarm waits, ') },
      ])
      expect(await found({ counts })).toEqual([])
    },
  )

  it('says nothing of what can wait for no delivery', async () => {
    expect(await found({ counts: { ...none, delivering: 1, failed: 1 }, deliverers: [] })).toEqual([])
  })

  it('says that a repair ends the lease of what has died, and where nothing but time does', async () => {
    const advised = async (seen: number) =>
      (await found({ deliverers: [{ ...deliverer, seen }] }, [delivering])).map(({ advice, repair }) => [
        advice,
        repair !== null,
      ])
    expect(await advised(at - 60_000)).toEqual([['nothing: it is delivered again then', false]])
    expect(await advised(at - 700_000)).toEqual([
      ['its process is gone: retry it, which ends the lease; else it is delivered again then', true],
    ])
  })

  it('finds a lease stuck where its holder does not report, and names that', async () => {
    const stuck = async (...deliverers: ManagerStats['deliverers']) =>
      (await found({ deliverers }, [delivering])).map(({ code, text }) => `${code} ${text}`)
    expect(await stuck(deliverer)).toEqual([])
    const silent = { ...deliverer, seen: at - 30_001 }
    const since = 'which has not reported for 30 s; for 20 s more'
    expect(await stuck(silent)).toEqual([`LEASE_STUCK held by host:1, ${since}`])
    expect(await stuck({ ...silent, process: '' })).toEqual([`LEASE_STUCK held by h, ${since}`])
    expect(await stuck({ ...deliverer, holder: 'other' })).toEqual([
      'LEASE_STUCK held by h, which does not report: it has died, or is of an older version; for 20 s more',
    ])
  })
})
