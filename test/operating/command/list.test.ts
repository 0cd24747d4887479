import { describe, expect, it } from 'vitest'
import { manyAlarms } from './many-alarms.ts'
import { run } from './run.ts'

const linesOf = (text: string): string[] => text.trimEnd().split('\n')

describe('nolater list', () => {
  it('has a hundred alarms, and as JSON all, unless a limit is given', async () => {
    const file = await manyAlarms(150)
    const table = await run(['list', file])
    expect(linesOf(table.out)).toHaveLength(1 + 100)
    expect(table.said).toBe('There are more: --limit N, or --after KEY.\n')
    expect(linesOf((await run(['list', file, '--json'])).out)).toHaveLength(150)
    const whole = await run(['list', file, '--limit', '150'])
    expect([linesOf(whole.out).length, whole.said]).toEqual([1 + 150, ''])
  })

  it('says nothing beside its JSON', async () => {
    const file = await manyAlarms(150)
    const few = await run(['list', file, '--json', '--limit', '2'])
    expect([few.code, linesOf(few.out).length, few.said]).toEqual([0, 2, ''])
    expect(await run(['list', file, '--json', '--prefix', 'x'])).toEqual({ code: 1, out: '', said: '' })
  })

  it('ends when it is stopped', async () => {
    const stop = new AbortController()
    let out = ''
    await run(['list', await manyAlarms(150), '--json'], {
      signal: stop.signal,
      out(text) {
        out += text
        if (linesOf(out).length === 3) stop.abort()
      },
    })
    expect(linesOf(out)).toHaveLength(3)
  })
})
