import { AlarmError } from 'nolater'
import type { FleetRequest, Forwarded } from 'nolater/postgres'
import { expect, it } from 'vitest'
import { forwardTo } from '../../../src/postgres/fleet/forward.ts'
import type { ShardOwner } from '../../../src/postgres/fleet/shard-table.ts'

const request: FleetRequest = { key: 'a', operation: 'add', input: 7 }
const refused = (): AlarmError =>
  new AlarmError('ALARM_FENCED', 'elsewhere', { counted: false, passes: true })
const unknown = (): Error => Object.assign(new Error('the answer was lost'), { passes: true })

/** Forwards where each try meets the next of these owners, and ends as the next of these says: an error is thrown. */
function rig(ends: readonly unknown[], owners: readonly (ShardOwner | null)[] = []) {
  const asked: Forwarded[] = []
  const rests: number[] = []
  let tries = 0
  const ask = (more: Partial<FleetRequest> = {}): Promise<unknown> =>
    forwardTo(
      { ...request, ...more },
      async (forwarded) => {
        asked.push(forwarded)
        const end = ends[asked.length - 1]
        if (end instanceof Error) throw end
        return end
      },
      async () => {
        const owner = owners[tries++]
        return owner === undefined ? { process: `p${tries}`, address: `at ${tries}` } : owner
      },
      async (nth) => void rests.push(nth),
    )
  return { asked, rests, ask }
}

it('asks the owner of now each time that it was refused, six times in all', async () => {
  const { asked, rests, ask } = rig([...Array.from({ length: 5 }, refused), 'done'])
  expect(await ask()).toBe('done')
  expect(asked.map(({ owner }) => owner)).toEqual(['p1', 'p2', 'p3', 'p4', 'p5', 'p6'])
  expect(asked[5]).toEqual({ ...request, owner: 'p6', address: 'at 6' })
  expect(rests).toEqual([1, 2, 3, 4, 5])
})

it('ends with the last refusal', async () => {
  const last = refused()
  const { asked, rests, ask } = rig([...Array.from({ length: 5 }, refused), last, 'too late'])
  expect(await ask().catch((error) => error)).toBe(last)
  expect([asked.length, rests.length]).toEqual([6, 5])
})

it('asks again what may have run only where it has an id', async () => {
  const lost = unknown()
  const without = rig([lost, 'twice'])
  expect(await without.ask().catch((error) => error)).toBe(lost)
  expect([without.asked.length, without.rests]).toEqual([1, []])
  const within = rig([lost, 'once'])
  expect(await within.ask({ id: 'x' })).toBe('once')
  expect(within.asked.map(({ id }) => id)).toEqual(['x', 'x'])
})

it('does not ask again what an operation has failed with', async () => {
  const failure = new RangeError('no such thing')
  const { asked, ask } = rig([failure, 'twice'])
  expect(await ask({ id: 'x' }).catch((error) => error)).toBe(failure)
  expect(asked).toHaveLength(1)
})

it('waits for an owner that has an address', async () => {
  const nobody = [null, { process: 'p', address: null }]
  const { asked, rests, ask } = rig(['done'], nobody)
  expect(await ask()).toBe('done')
  expect(asked.map(({ owner }) => owner)).toEqual(['p3'])
  expect(rests).toEqual([1, 2])
  const { asked: unasked, ask: askNone } = rig(
    [],
    Array.from({ length: 6 }, () => null),
  )
  expect(await askNone().catch((error) => error)).toMatchObject({
    code: 'ALARM_FENCED',
    passes: true,
    message: expect.stringContaining('No process that has an address owns the actor "a"'),
  })
  expect(unasked).toEqual([])
})
