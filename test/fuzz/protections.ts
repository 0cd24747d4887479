import { mutants } from '../explore/mutants.ts'
import type { Patch } from '../explore/patch-engine.ts'

/** The library with one protection taken out. A patch whose text is gone fails: it goes with what it protected. */
export interface Protection {
  readonly name: string
  readonly patches: readonly Patch[]
  /** one that fails without it, as short as could be found */
  readonly programme?: string
}

const programmes: Readonly<Record<string, string>> = {
  'an intent that was put back counts as durable': 'write=5 a.set5000 a.send a.delete',
  'what was put back has no commit due': 'write=5 a.set5000 a.confirmed a.delete',
}

/** Of what the explorer's world does not have: clocks, leases and back-offs. */
const own: readonly Protection[] = [
  {
    name: "a lease ends by the wall clock, and what takes a handler's place lets it go on",
    patches: [
      {
        file: 'ledger/dispatch.ts',
        find: 'const { elapsed } = steps\n',
        put: 'const elapsed = () => scheduler.now()\n',
      },
      { file: 'ledger/runs.ts', find: 'if (replaced !== undefined) take([replaced])', put: '' },
    ],
    programme: 'a.run!hang a.set3000 +31000 step-3600000 +10000',
  },
  {
    name: 'a back-off ends by the wall clock',
    patches: [
      {
        file: 'ledger/held-alarm.ts',
        find: '\n  const end = leasedUntil === null ? null : leasedUntil + by\n',
        put: '\n  if (now > 0) return held\n  const end = leasedUntil === null ? null : leasedUntil + by\n',
      },
    ],
    programme: '+3600000 a.run!fail a.set0 step-1800000 +600000',
  },
  {
    name: 'an alarm that is given up is forgotten',
    patches: [
      {
        file: 'ledger/held-alarm.ts',
        find: "if (kind === 'given-up') return { ...free, due: null }",
        put: "if (kind === 'given-up') return { ...free, ...noFailures, time: null, due: null }",
      },
    ],
    programme: 'abandon=false a.run!giveup a.set0',
  },
  {
    name: 'what is given up may be replaced before its deletion is issued',
    patches: [
      { file: 'delivery.ts', find: 'keeper.deleteNow(keeper.work)', put: 'keeper.intend(null)' },
      { file: 'delivery.ts', find: 'if (!isSettled(keeper)) throw unsettled(keeper, time)\n', put: '' },
    ],
    programme: 'write=promise +5000 a.run!set5000/ok a.run!giveup a.abandon!set10000/ok a.set0',
  },
]

/** Those of the explorer besides, where the sources are what is changed. */
export const protections: readonly Protection[] = [
  ...own,
  ...mutants.flatMap(({ name, patches }) => {
    if (patches === undefined) return []
    const programme = programmes[name]
    return [programme === undefined ? { name, patches } : { name, patches, programme }]
  }),
]
