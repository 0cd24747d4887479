import { type ExpectStatic, expect as ofAll } from 'vitest'
import { abandoning } from './abandoning.ts'
import type { Case } from './case.ts'
import type { DescribeManagerOptions, ManagerFactory, ManagerNeed } from './factory.ts'
import { failures } from './failures.ts'
import { givenUp } from './given-up.ts'
import { handlers } from './handlers.ts'
import { leases } from './leases.ts'
import { listing } from './listing.ts'
import { operating } from './operating.ts'
import { repeats } from './repeats.ts'
import { restarts } from './restarts.ts'
import { openRig } from './rig.ts'
import { times } from './times.ts'
import { writes } from './writes.ts'

/** Everything that the port promises, by what it is about. */
export const cases: Readonly<Record<string, readonly Case[]>> = {
  'a write': writes,
  'a write that comes again': repeats,
  'a delivery': times,
  'a handler': handlers,
  'a failure': failures,
  'an alarm that is given up': abandoning,
  'an alarm that has failed': givenUp,
  'a list of alarms': listing,
  'an operator': operating,
  'a lease': leases,
  'a restart, and other processes': restarts,
}

/** Why a test cannot be run at all, if it cannot. */
export function reasonAgainst({ needs = [] }: Case, options: DescribeManagerOptions): string | undefined {
  const refusals: Partial<Record<ManagerNeed, string>> = {
    ...(options.time === 'real' && {
      'virtual time': 'it would take minutes, or needs a clock that can be stepped',
    }),
    ...options.cannot,
  }
  return needs.map((need) => refusals[need]).find((reason) => reason !== undefined)
}

/** Runs one test on a fresh manager. */
export async function runCase(
  { check, needs }: Case,
  factory: ManagerFactory,
  options: DescribeManagerOptions,
  expect: ExpectStatic = ofAll,
): Promise<void> {
  const rig = await openRig(factory, options, expect, needs)
  try {
    await check(rig)
  } finally {
    await rig.cleanup()
  }
}
