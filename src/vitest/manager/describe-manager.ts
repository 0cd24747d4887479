import { describe, it } from 'vitest'
import { checkNames, type Names } from '../../vocabulary/check-names.ts'
import { cases, reasonAgainst, runCase } from './cases.ts'
import type { DescribeManagerOptions, ManagerFactory } from './factory.ts'
import { Cannot } from './rig.ts'

const TIMEOUT = 30_000

/**
 * Registers, as tests of Vitest, everything that the port `AlarmManager` promises: fences, replacement, removal, repeated writes, never early,
 * at least once, leases, sets during a handler and a back-off, retries, giving up, restarts.
 *
 * Give a function that makes a fresh manager for each test, on the `clock` and with the `lease` that it is given. A manager with a clock
 * of its own says `{ time: 'real' }`: the tests take real seconds then, and what would take minutes is skipped. What the factory
 * does not return (`reopen`, `another`) or `cannot` names is skipped, with the reason. Where each test has a storage of its own, put it
 * into a `describe.concurrent`.
 *
 * ```ts
 * describeManager('memoryManager', ({ clock, lease }) => ({ manager: memoryManager({ scheduler: clock, lease }) }), {
 *   cannot: { reopen: 'it forgets with its process', another: 'its memory is its own' },
 * })
 * ```
 */
export function describeManager(
  name: string,
  factory: ManagerFactory,
  options: DescribeManagerOptions = {},
): void {
  checkNames('describeManager', options, names)
  describe(name, () => {
    for (const [about, group] of Object.entries(cases)) {
      describe(about, () => {
        for (const each of group) {
          const { title } = each
          const reason = reasonAgainst(each, options)
          if (reason !== undefined) it.skip(`${title} (${reason})`, () => {})
          else
            it(title, { timeout: TIMEOUT }, async ({ skip, expect }) => {
              try {
                await runCase(each, factory, options, expect)
              } catch (error) {
                if (error instanceof Cannot) skip(error.message)
                throw error
              }
            })
        }
      })
    }
  })
}

const names: Names<DescribeManagerOptions> = { time: true, late: true, unit: true, cannot: true }
