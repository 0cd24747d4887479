import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { sharedCommit } from '../../../src/postgres/fleet/shared-commit.ts'

it('commits when the last has asked, and nothing once one has failed', async () => {
  const done: string[] = []
  const commit = sharedCommit<string>(['a', 'b'], async (all) => void done.push(all.join('')))
  const first = commit.ask('a', 'A')
  await setImmediate()
  expect(done).toEqual([])
  expect(await commit.ask('b', 'B')).toBe(null)
  expect(await first).toBe(null)
  expect(done).toEqual(['AB'])

  const broken = sharedCommit<string>(['a', 'b'], async () => void done.push('no'))
  const asked = broken.ask('a', 'A')
  broken.fail(new RangeError('broken'))
  await expect(asked).rejects.toThrow('broken')
  await expect(broken.ask('b', 'B')).rejects.toThrow('broken')
  expect(done).toEqual(['AB'])
})
