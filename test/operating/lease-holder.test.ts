import { describe, expect, it } from 'vitest'
import { leaseHolder } from '../../src/operating/lease-holder.ts'

const at = 100_000
const deliverer = { holder: 'a', process: 'host:1', since: 0, seen: at - 30_000 }
const lease = { holder: 'a', until: at + 1 }

describe('what has a lease', () => {
  it('is named as its process', () => {
    expect(leaseHolder(lease, { at, deliverers: [deliverer] })).toBe('host:1')
    expect(leaseHolder(lease, { at, deliverers: [{ ...deliverer, process: '' }] })).toBe('a')
  })

  it('is dead, or hangs, where it does not report', () => {
    expect(leaseHolder(lease, { at: at + 1, deliverers: [deliverer] })).toBe(
      'host:1, which does not report any more: dead, or hung',
    )
    expect(leaseHolder(lease, { at, deliverers: [{ ...deliverer, holder: 'b' }] })).toBe(
      'a, which does not report: dead, or of an older version',
    )
  })
})
