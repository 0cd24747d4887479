import { describe, expect, it } from 'vitest'
import { statsPage } from '../../../src/operating/command/print-stats.ts'
import type { ManagerStats } from '../../../src/vocabulary/manager-stats.ts'
import { newFile, newManager } from '../../sqlite/files.ts'
import { run } from './run.ts'

const at = 1_000_000
const stats: ManagerStats = {
  at,
  counts: { pending: 0, due: 0, delivering: 0, 'backing-off': 0, failed: 0 },
  oldest: null,
  lateness: { p50: null, p99: null, max: null },
  fires: 0,
  failures: 0,
  paused: [],
  deliverers: [],
}
const deliverer = { holder: 'h', process: 'host:1', since: at - 3_600_000, seen: at - 30_000 }

describe('the page of nolater stats', () => {
  const rows = (more: Partial<ManagerStats>) => statsPage({ ...stats, ...more })

  it('says of what delivers since when, and whether it still does', () => {
    expect(rows({ deliverers: [deliverer] })).toContain('delivers     host:1 for 1 h, reported 30 s ago\n')
    expect(rows({ deliverers: [{ ...deliverer, seen: at - 30_001 }] })).toContain('ago: dead, or hung\n')
    expect(rows({ deliverers: [{ ...deliverer, process: '' }] })).toContain('delivers     h for 1 h')
  })

  it('says that nothing delivers where what did is dead, or hung', () => {
    const nothing = 'delivers     nothing: what is due stays due\n'
    expect(rows({ deliverers: [deliverer] })).not.toContain(nothing)
    expect(rows({ deliverers: [{ ...deliverer, seen: at - 30_001 }] })).toContain(nothing)
  })

  it('has no text that moves the cursor', () => {
    const evil = '\u001b[2J\u202e'
    const page = rows({
      oldest: { key: evil, overdue: 1 },
      paused: [{ key: evil }, { prefix: evil }],
      deliverers: [{ ...deliverer, process: evil }],
    })
    expect(page.split('\\u001b[2J\\u202e')).toHaveLength(5)
    expect(page).not.toContain(evil)
  })
})

/** Goes on for two pages, and stops after that; what was printed, and how long the end took. */
async function watched(file: string, isTerminal: boolean, ...more: string[]) {
  const stop = new AbortController()
  const pages: string[] = []
  let stoppedAt = 0
  const { code } = await run(['stats', file, '--watch', ...more], {
    isTerminal,
    signal: stop.signal,
    out(text) {
      pages.push(text)
      if (pages.length > 2) throw new Error('it goes on')
      if (pages.length < 2) return
      setTimeout(() => {
        stoppedAt = performance.now()
        stop.abort()
      }, 50)
    },
  })
  return { code, pages, took: performance.now() - stoppedAt }
}

describe('nolater stats --watch', () => {
  it('draws each page over the one before in a terminal, and one after the other elsewhere', async () => {
    const file = newFile()
    newManager({ file })
    const [drawn, piped, lines] = await Promise.all([
      watched(file, true),
      watched(file, false),
      watched(file, true, '--json'),
    ])
    const [first = '', second = ''] = drawn.pages
    expect(second).toBe(`\u001b[${first.trimEnd().split('\n').length}A\u001b[J${first}`)
    expect(piped.pages).toEqual([first, first])
    expect(lines.pages.map((line) => JSON.parse(line).counts)).toEqual([stats.counts, stats.counts])
    for (const { code, pages, took } of [drawn, piped, lines]) {
      expect([code, pages.length]).toEqual([0, 2]) // none after it was stopped
      expect(took).toBeLessThan(900)
    }
  })
})
