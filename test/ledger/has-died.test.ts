import { spawnSync } from 'node:child_process'
import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import { hasDied } from '../../src/ledger/has-died.ts'

const at = 10_000_000
const MINUTE = 60_000
const ended = spawnSync(process.execPath, ['-e', '']).pid

describe('a process that delivered has died', () => {
  const died = (process: string, silent: number) =>
    hasDied({ holder: 'a', process, since: 0, seen: at - silent }, at)

  it('where it has been silent for ten minutes', () => {
    expect(died('elsewhere:1', 10 * MINUTE)).toBe(true)
    expect(died('elsewhere:1', 10 * MINUTE - 1)).toBe(false)
  })

  it('where it is silent, and gone from this machine', () => {
    expect(died(`${hostname()}:${ended}`, MINUTE)).toBe(true)
    expect(died(`${hostname()}:${ended}`, MINUTE / 2)).toBe(false)
  })

  it('not where it may be at work', () => {
    expect(died(`${hostname()}:${process.pid}`, MINUTE)).toBe(false)
    expect(died(`elsewhere:${ended}`, MINUTE)).toBe(false)
    expect(died('', MINUTE)).toBe(false)
  })
})
