import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { scanAlarms } from '../../../src/operating/doctor/scan-alarms.ts'
import { newFile, newManager } from '../../sqlite/files.ts'

const MOST = Number.MAX_SAFE_INTEGER
const numbers = 'fence set_by time due done leased_until changed_at counted uncounted aside'.split(' ')

/** A lease has a holder. */
const whole = (column: string, value: number | bigint): string =>
  column === 'leased_until' ? `leased_until = ${value}, holder = 'h'` : `${column} = ${value}`

describe('a row that no manager writes', () => {
  it.each([
    ...numbers.flatMap((column) => [whole(column, -1), whole(column, 2n ** 53n)]),
    "last_error = 'no JSON'",
    'time = NULL',
    "holder = 'h'",
    'leased_until = 5',
  ])('is named: %s', async (change) => {
    expect(await unreadable(change)).toEqual(['a'])
  })

  it.each([
    ...numbers.flatMap((column) => [whole(column, 0), whole(column, MOST)]),
    "last_error = '{}'",
    'time = NULL, due = NULL',
    'due = NULL',
  ])('is not one that a manager may write: %s', async (change) => {
    expect(await unreadable(change)).toEqual([])
  })
})

/** The keys of those found among one alarm that was changed so. */
async function unreadable(change: string): Promise<readonly string[]> {
  const file = newFile()
  await newManager({ file }).close()
  const db = new DatabaseSync(file)
  db.exec(`
    INSERT INTO alarm (key, time, fence, set_by, due, counted, uncounted, begun, changed_at) VALUES ('a', 1, 1, 1, 1, 0, 0, 0, 0);
    UPDATE alarm SET ${change}`)
  const { unreadable } = await scanAlarms(db, async () => {})
  db.close()
  return unreadable
}
