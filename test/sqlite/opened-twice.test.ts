import { mkdirSync, symlinkSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { NEVER, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { newManager } from './files.ts'
import { isLocked, look, managerOf, newPath, open } from './sqlite-store-rig.ts'

const fenced = expect.objectContaining({ code: 'ALARM_FENCED' })
// Were the lock waited for, the thread would stand still for longer than a test may take.
const busyTimeout = 60_000

describe('an actor that is opened twice in one process', () => {
  it('is the second one at once, though the first waits for its manager with the file locked', async () => {
    const file = newPath()
    const first = open({ file, busyTimeout, manager: managerOf(() => NEVER) })
    first.transaction(() => first.put('a', 1))
    first.alarm.set(5)
    first.put('b', 2)
    await undefined
    const waiting = first.alarm.confirmed()
    const errors: unknown[] = []
    waiting.subscribe({ error: (error) => errors.push(error) })
    expect(isLocked(file)).toBe(true)
    const second = open({ file, busyTimeout })
    expect(errors).toEqual([fenced])
    expect(() => first.alarm.time).toThrow(fenced)
    second.put('c', 3)
    await undefined
    expect(look(file)).toEqual({ alarm: null, epoch: 2, values: ['a', 'c'] })
  })

  it('refuses the first one at once, though the second waits for its manager with the file locked', async () => {
    const file = newPath()
    const first = open({ file, busyTimeout })
    const answer = new Subject<never>()
    const second = open({ file, busyTimeout, manager: managerOf(() => answer) })
    second.alarm.set(60)
    expect(() => first.alarm.set(5)).toThrow(fenced)
    expect(() => first.alarm.time).toThrow(fenced)
    await undefined
    answer.complete()
    expect(look(file).alarm).toBe(60)
  })

  it('is said before what is wrong with the time that the first one is asked for', () => {
    const file = newPath()
    const first = open({ file, busyTimeout })
    open({ file, busyTimeout })
    expect(() => first.alarm.set(Number.NaN)).toThrow(fenced)
    expect(() => first.alarm.setIn(-1)).toThrow(fenced)
  })

  it('keeps what the first one has accepted, where its manager answers at once', () => {
    const file = newPath()
    const manager = newManager()
    const first = open({ file, busyTimeout, manager })
    first.put('a', 1)
    first.alarm.set(5)
    const second = open({ file, busyTimeout, manager })
    expect([second.get('a'), second.alarm.time, manager.get('a')]).toEqual([1, 5, 5])
    expect(() => first.put('b', 1)).toThrow(fenced)
  })

  it('rolls back the transaction of the first one that it is opened in', () => {
    const file = newPath()
    const first = open({ file, busyTimeout })
    expect(() =>
      first.transaction(() => {
        first.put('a', 1)
        open({ file, busyTimeout })
      }),
    ).toThrow(fenced)
    expect(look(file).values).toEqual([])
  })

  it('is known by any spelling of its file', async () => {
    const file = newPath()
    const link = join(dirname(file), `link to ${basename(file)}`)
    symlinkSync(file, link)
    mkdirSync(join(dirname(file), 'below'), { recursive: true })
    for (const path of [
      relative(process.cwd(), file),
      join(dirname(file), 'below', '..', basename(file)),
      link,
    ]) {
      const first = open({ file, busyTimeout, manager: managerOf(() => NEVER) })
      first.alarm.set(5)
      await undefined
      open({ file: path, busyTimeout })
      expect(() => first.alarm.time).toThrow(fenced)
    }
  })

  it('is free again when it is closed: the next one finds none to ask', async () => {
    const file = newPath()
    const first = open({ file, busyTimeout })
    const second = open({ file, busyTimeout })
    await first.close()
    second.put('a', 1)
    await second.close()
    open({ file, busyTimeout }).put('b', 1)
    await undefined
    expect(look(file)).toEqual({ alarm: null, epoch: 3, values: ['a', 'b'] })
  })
})
