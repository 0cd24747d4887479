import { expect, it } from 'vitest'
import { shardWork } from '../../../src/fleet/shard-work.ts'
import type { FleetRows, RowCommitted } from '../../../src/postgres/fleet/fleet-rows.ts'
import { fleetStore } from '../../../src/postgres/fleet/fleet-store.ts'
import { turns } from '../../virtual-clock.ts'

interface Answer {
  answered(isOwn: boolean): Promise<void>
  failed(error: unknown): Promise<void>
}

/** The store of one shard, whose commits are answered when the test says so. */
function rig() {
  const log: string[] = []
  const commits: Answer[] = []
  const due: (number | null)[] = []
  let epoch: number | null = 1
  const rows: Pick<FleetRows, 'load' | 'commit'> = {
    async load(keys) {
      log.push(`load ${keys}`)
      return keys.map(() => ({ time: 5, epoch: 1 }))
    },
    commit(_, { shards }, all) {
      log.push(
        `commit ${all.map(({ key, time }) => `${key} ${time}`)} under ${shards.map((shard) => shard.epoch)}`,
      )
      return new Promise<readonly RowCommitted[]>((resolve, reject) => {
        commits.push({
          async answered(isOwn) {
            resolve(all.map(() => ({ isOwn, dueIn: isOwn ? 7 : null })))
            await turns(3)
          },
          async failed(error) {
            reject(error)
            await turns(3)
          },
        })
      })
    },
  }
  const record = { bound: 5, setBy: 1, issued: 1, fenceEpoch: 1, spare: 0 }
  const work = shardWork()
  const store = fleetStore({
    db: { query: async () => [] } as never,
    table: {
      async raise() {
        log.push('raise')
        return epoch === null ? null : epoch + 1
      },
    } as never,
    rows: rows as FleetRows,
    ownership: {
      process: 'p',
      epochOf: () => epoch,
      raised: (_: number, to: number) => (epoch = to),
    } as never,
    work,
    commits: new Map(),
    engine: () => ({ find: () => record }) as never,
    shardOfKey: () => 0,
    announce: (dueIn) => due.push(dueIn),
  })
  const commit = (key: string, time: number): Promise<unknown> =>
    Promise.resolve(store.commit(time, { key } as never)).then(
      () => 'done',
      (error) => error.code ?? error,
    )
  return {
    log,
    commits,
    due,
    work,
    commit,
    load: (key: string) => store.load(key) as Promise<unknown>,
    own(now: number | null) {
      epoch = now
    },
  }
}

it('loads an actor when the commit is answered that is under way of it, and others at once', async () => {
  const { log, commits, commit, load } = rig()
  const committed = commit('a', 9)
  await turns(3)
  const loading = load('a')
  await load('b')
  expect(log).toEqual(['commit a 9 under 1', 'load b'])
  await commits[0]?.answered(true)
  expect(await committed).toBe('done')
  expect(await loading).toEqual({ time: 5, epoch: 1 })
  expect(log).toEqual(['commit a 9 under 1', 'load b', 'load a'])
})

it('gives the shard another epoch before it loads after a commit that has failed, once for all that wait', async () => {
  const { log, commits, commit, load } = rig()
  const committed = commit('a', 9)
  await turns(3)
  const loading = [load('a'), load('a')]
  await turns(3)
  await commits[0]?.failed(new Error('the answer was lost'))
  expect(await committed).toBeInstanceOf(Error)
  await Promise.all(loading)
  await load('b')
  expect(log.filter((each) => each === 'raise')).toEqual(['raise'])
  expect(log.slice(0, 3)).toEqual(['commit a 9 under 1', 'raise', 'load a'])
})

it('asks a commit again that was refused as its process has raised the epoch meanwhile', async () => {
  const { log, commits, due, commit, own } = rig()
  const committed = commit('a', 9)
  await turns(3)
  own(2)
  await commits[0]?.answered(false)
  expect(log).toEqual(['commit a 9 under 1', 'commit a 9 under 2'])
  expect(due).toEqual([])
  await commits[1]?.answered(true)
  expect(await committed).toBe('done')
  expect(due).toEqual([7])
})

it.each([
  ['the shard is another one’s', 1],
  ['its process has found that out', null],
])('does not ask it again where %s', async (_, epoch) => {
  const { log, commits, commit, own, work } = rig()
  const committed = commit('a', 9)
  let isIdle = false
  void work.idle(0).then(() => (isIdle = true))
  await turns(3)
  expect(isIdle).toBe(false)
  own(epoch)
  await commits[0]?.answered(false)
  expect(await committed).toBe('ALARM_FENCED')
  expect(log).toEqual(['commit a 9 under 1'])
  expect(isIdle).toBe(true)
})
