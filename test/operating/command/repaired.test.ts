import { describe, expect, it } from 'vitest'
import { repaired } from '../../../src/operating/command/repaired.ts'
import type { Finding } from '../../../src/operating/doctor/finding.ts'
import { virtualClock } from '../../virtual-clock.ts'

function begin(repair: Finding['repair']) {
  const clock = virtualClock()
  const stop = new AbortController()
  const seen: string[] = []
  void repaired({ severity: 'fault', repair }, stop.signal, clock).then((outcome) => seen.push(outcome))
  return { clock, stop, seen }
}

const never = () => new Promise<boolean>(() => {})

describe('a repair of the doctor', () => {
  it.each([
    ['repaired', async () => true],
    ['not as it was found any more', async () => false],
    ['not repaired: it is locked', () => Promise.reject(new Error('it is locked'))],
    [
      'not repaired: at once',
      () => {
        throw new Error('at once')
      },
    ],
    ['not repaired', null],
  ])('is %s', async (outcome, repair) => {
    const { clock, seen } = begin(repair)
    await clock.advance(0)
    expect(seen).toEqual([outcome])
    expect(clock.pending()).toBe(0) // the limit does not hold the process up
  })

  it('is given up after 15 s, for what comes after it', async () => {
    const { clock, seen } = begin(never)
    await clock.advance(14_999)
    expect(seen).toEqual([])
    await clock.advance(1)
    expect(seen).toEqual(['not repaired within 15 s'])
  })

  it('ends at once when the command is stopped', async () => {
    const { clock, stop, seen } = begin(never)
    await clock.advance(1)
    stop.abort()
    await clock.advance(0)
    expect(seen).toEqual(['not repaired: stopped'])
    expect(clock.pending()).toBe(0)
  })

  it('is not begun for what does no harm', async () => {
    let repairs = 0
    const repair = async () => ++repairs > 0
    const notice = { severity: 'notice', repair } as const
    expect(await repaired(notice, new AbortController().signal, virtualClock())).toBe('left as it is')
    expect(repairs).toBe(0)
  })
})
