import { noop, Subscription } from 'rxjs'
import { expect, it } from 'vitest'
import { changesInGroups } from '../../../src/changes/changes.ts'
import { repeat } from '../../../src/changes/repeat.ts'
import { shardWork } from '../../../src/fleet/shard-work.ts'
import type { Change, ChangeWork, Member } from '../../../src/postgres/fleet/change.ts'
import type { Ended } from '../../../src/postgres/fleet/change-statements.ts'
import { groupTransaction } from '../../../src/postgres/fleet/group-transaction.ts'
import { type VirtualClock, virtualClock } from '../../virtual-clock.ts'

type Runs = (key: string, again: Change[], change: Change) => Promise<Ended>

/** Changes in transactions without a server: `runs` are their functions, and `log` says what becomes of connections and commits. */
function rig(runs: (clock: VirtualClock) => Runs) {
  const clock = virtualClock()
  const run = runs(clock)
  const log: string[] = []
  const ended: string[] = []
  const lost = { answer: false }
  const client = { query: async () => ({ rows: [{ pid: 1, since: 'now' }] }) }
  const transaction = groupTransaction(
    {
      db: { timeout: 1_000 } as never,
      rows: { lock: async () => new Set([0]) } as never,
      lender: {
        forTransaction: async () => ({
          client,
          giveBack: () => void log.push('given back'),
          end: async () => void log.push('ended'),
        }),
        broken: (error: unknown) => error,
      } as never,
      ownership: { process: 'p', epochOf: () => 1 } as never,
      scheduler: clock,
      lease: 10_000,
    },
    ({ change }, { again }) => run(change.key, again, change),
    async (ready, group) => {
      log.push(`commits ${ready.map(({ change }) => change.key).join('')}`)
      if (lost.answer) {
        lost.answer = false
        group.isSent = true
        throw new Error('the answer was lost')
      }
      for (const { change } of ready) change.resolve(null)
      return true
    },
  )
  const memberOf = (change: Change): Member => ({
    change,
    actor: {} as never,
    hold: new Subscription(),
    onBroken: noop,
  })
  const changes = changesInGroups<ChangeWork<unknown>>((group) => transaction(group.map(memberOf)), {
    most: 4,
    shardOfKey: () => 0,
    isOfHandler: () => false,
    work: shardWork(),
    scheduler: clock,
    timeout: 1_000,
  })
  function ask(keys: string): void {
    for (const key of keys) {
      const end = (code: string): void => void ended.push(`${key} ${code} at ${clock.elapsed()}`)
      changes
        .change(key, () => {})
        .then(
          () => end('done'),
          (error) => end(error.code),
        )
    }
  }
  return { clock, log, ended, lost, ask }
}

const never = new Promise<never>(() => {})

it('does what shared a transaction with three functions that have no end as soon as the first of them is given up', async () => {
  const { clock, log, ended, ask } = rig(() => async (key) => ('bei'.includes(key) ? never : 'done'))
  ask('abcdefghij')
  await clock.advance(3_000)
  expect(ended).toEqual([
    'b ALARM_TRANSACTION_INVALID at 1000',
    ...[...'acdfghj'].map((key) => `${key} done at 1000`),
    'e ALARM_TRANSACTION_INVALID at 2000',
    'i ALARM_TRANSACTION_INVALID at 2000',
  ])
  expect(log.filter((each) => each === 'ended')).toHaveLength(3) // what has no end may still use its connection
})

it('begins no more functions in a transaction that has taken as long as one may, and these alone', async () => {
  const { clock, log, ended, ask } = rig(
    (clock) => (key) =>
      new Promise((resolve) => {
        if ('ab'.includes(key)) clock.schedule(() => resolve('done'), 600)
        else resolve('done')
      }),
  )
  ask('abcd')
  await clock.advance(1_199)
  expect(ended).toEqual([])
  await clock.advance(1)
  expect(ended).toEqual([...'abcd'].map((key) => `${key} done at 1200`))
  expect(log.filter((each) => each !== 'given back')).toEqual(['commits ab', 'commits c', 'commits d'])
})

it('has what the server has rolled back come again, though the commit of the others is not answered', async () => {
  let runs = 0
  const { clock, log, ended, lost, ask } = rig(() => async (key, again, change) => {
    if (key !== 'b' || runs++ > 0) return 'done'
    repeat(change, new Error('a deadlock'), again)
    return 'undone'
  })
  lost.answer = true
  ask('ab')
  await clock.advance(0)
  expect(ended).toEqual(['a ALARM_STORAGE_UNREACHABLE at 0', 'b done at 0'])
  expect(log).toEqual(['commits a', 'ended', 'commits b', 'given back'])
})
