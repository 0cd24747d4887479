import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteFleet } from 'nolater/sqlite'
import { afterAll, describe, expect, it } from 'vitest'
import { mountSmallDisk } from '../../crash/small-disk.ts'
import { codeOf } from '../../fleet-contract/rig.ts'
import { until } from '../../postgres/rig.ts'
import { bothFiles } from './both-files.ts'

const HOUR = 3_600_000
const place = mkdtempSync(join(tmpdir(), 'nolater-disk-'))
const disk = mountSmallDisk(place, 4)
const remove = (): void => rmSync(place, { recursive: true, force: true })
if (disk === null) remove() // where all tests are skipped, no hook is called
afterAll(() => {
  disk?.unmount()
  remove()
})

describe.skipIf(disk === null)('a fleet whose disk is full (skipped where none can be mounted)', () => {
  it('leaves nothing of a change that failed, and goes on once there is room', {
    timeout: 60_000,
  }, async () => {
    const file = `${disk!.path}/actors.db`
    const fleet = await sqliteFleet({ file, timeout: 500, handler: () => [] })
    fleet.health$.subscribe() // which says what is wrong
    await fleet.change('a', (tx) => tx.query('CREATE TABLE note (actor TEXT, nth INTEGER, text TEXT)'))
    const done: string[] = []
    const codes = new Set<unknown>()
    const note = async (key: string, nth: number): Promise<void> => {
      const code = await codeOf(
        fleet.change(key, async (tx, alarm) => {
          await tx.query('INSERT INTO note VALUES ($1, $2, $3)', [key, nth, 'x'.repeat(20_000)])
          alarm.set(Date.now() + HOUR - nth)
        }),
      )
      codes.add(code)
      if (code === 'done') done.push(`${key} ${nth}`)
    }
    const makeRoom = disk!.fill()
    for (let nth = 0; nth < 40; nth++) await Promise.all(['a', 'b', 'c'].map((key) => note(key, nth)))
    expect(codes.size).toBeGreaterThan(1)
    for (const code of codes) expect(code).toMatch(/^(done|ALARM_[A-Z_]+|ERR_SQLITE_ERROR)$/)
    makeRoom()
    await until(
      () => codeOf(fleet.change('a', () => {})),
      (code) => code === 'done',
    )
    await note('d', 40)
    expect(done.at(-1)).toBe('d 40')
    await fleet.close()
    const files = bothFiles(file)
    const kept = files.actors.prepare("SELECT actor || ' ' || nth AS name FROM note").all()
    expect(kept.map(({ name }) => name).sort()).toEqual([...done].sort())
    expect(files.late()).toEqual([])
    files.close()
  })
})
