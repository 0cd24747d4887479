import { mutants } from '../explore/mutants.ts'
import type { Patch } from '../explore/patch-engine.ts'

/** The library with one protection taken out. A patch whose text is gone fails: it goes with what it protected. */
export interface Protection {
  readonly name: string
  readonly patches: readonly Patch[]
  /** the library with this as well passes: a world in which the protection is needed sooner */
  readonly around?: readonly Patch[]
  /** one that fails without it, as short as could be found */
  readonly programme?: string
}

const programmes: Readonly<Record<string, string>> = {
  'an intent that was put back counts as durable': 'write=5 a.set5000 a.send a.delete',
  'a failed precommit is tried again as if it were a later move': 'reconcile=false a.write!lost:3 a.work3000',
  'later write while a commit is in flight': 'commit=5 write=0 a.set0',
  'what was put back has no commit due': 'write=5 a.set5000 a.confirmed a.delete',
}

const call = (name: string, params: string): Patch => ({
  file: name === 'load' ? 'fleet/fleet-engine.ts' : name === 'write' ? 'actor/calls.ts' : 'actor/calls.ts',
  find: `withinTime(config, '${name}', config.${name}(${params}))`,
  put: `config.${name}(${params})`,
})

/** The one boundary around user code. */
const boundary: readonly Protection[] = [
  {
    name: 'the message of an error is taken for a string',
    patches: [
      {
        file: 'vocabulary/given.ts',
        find: "return typeof message === 'string' ? message.replace(",
        put: "return typeof cause === 'object' ? (message as string).replace(",
      },
    ],
    programme: 'actor=fleet a.load!odd:list:later a.set5000 a.confirmed',
  },
  {
    name: 'a getter of an error may throw',
    patches: [
      {
        file: 'vocabulary/safe-field.ts',
        find: '    return undefined\n',
        put: "    if (name === 'message') throw new Error('as it is')\n    return undefined\n",
      },
    ],
    programme: 'actor=fleet a.load!odd:getter:later a.set5000 a.confirmed',
  },
  {
    name: 'a teardown that throws costs a held commit its turn',
    patches: [
      {
        file: 'actor/keeper.ts',
        find: 'reportUncaught(() => call?.unsubscribe())',
        put: 'call?.unsubscribe()',
      },
    ],
    programme:
      'commit=5 a.touch a.commit!odd:error:spitsLater a.touch a.confirmed +1000 a.touch a.confirmed +1000',
  },
  {
    name: 'what a function of the user throws after its end is thrown on',
    patches: [
      {
        file: 'operators/from-user.ts',
        find: 'if (user.isOver === true) reportUnhandled(error)',
        put: 'if (user.isOver === true) throw error',
      },
    ],
    programme: 'actor=fleet many=true a.write!odd:error:spits a.set60000',
  },
  {
    name: 'what is thrown while the rules are applied leaves them as if they were being applied',
    patches: [
      { file: 'actor/keeper.ts', find: 'this.breakBy(error) // and never', put: 'throw error // and never' },
    ],
    programme: 'write=5 a.clock5000 a.confirmed',
  },
]

const limits: readonly Protection[] = [
  {
    name: 'a write has no limit of time',
    patches: [call('write', 'time, { key, move, fence, attempt }')],
    programme: 'timeout=1000 a.write!hang:0 a.set5000 a.confirmed',
  },
  {
    name: 'a commit has no limit of time',
    patches: [call('commit', 'time, { key, epoch }')],
    programme: 'timeout=1000 a.commit!hang:0 a.set5000 a.confirmed',
  },
  {
    name: 'a load has no limit of time',
    patches: [call('load', 'key as K')],
    programme: 'actor=fleet timeout=1000 a.load!hang:0 a.set5000 a.confirmed',
  },
]

/** Fences with room for four writes in an epoch. */
const few: Patch = {
  file: 'vocabulary/fence.ts',
  find: 'const SEQUENCES = 2 ** 22',
  put: 'const SEQUENCES = 2 ** 2',
}

const epochs: readonly Protection[] = [
  {
    name: 'a store that began again raises no epoch in place',
    patches: [
      {
        file: 'actor/raise-epoch.ts',
        find: 'const least = held === undefined ? null : epochAbove(held, epoch)',
        put: 'const least = held === undefined ? null : epochAbove(-1.5, epoch)',
      },
    ],
    programme: 'epoch=1000 a.set5000 restore a.set3000',
  },
  {
    name: 'a teardown that throws costs a write under a raised epoch its end',
    patches: [
      {
        file: 'actor/raise-epoch.ts',
        find: 'return () => reportUncaught(() => inner.unsubscribe())',
        put: 'return () => inner.unsubscribe()',
      },
    ],
    programme: 'manager=sqlite b.set600000 restore b.write!promise b.write!odd:error:spits +600000',
  },
  {
    name: 'an opening goes on into an epoch that it does not own',
    around: [few],
    patches: [
      {
        file: 'actor/raise-epoch.ts',
        find: 'if (needsEpoch(alarm.issued, spare, early)) return',
        put: 'if (needsEpoch(alarm.issued, spare, early) && spare < 0) return',
      },
    ],
    programme: 'a.set9000 a.set8000 a.set7000 a.set6000 a.write!late:0:5000 a.set3600000 die a.set5500 +6000',
  },
  {
    name: 'a store that refuses an opening is asked again at once',
    patches: [
      { file: 'fleet/fleet-engine.ts', find: 'if (refused !== null) throw throwing(refused.error)', put: '' },
    ],
    programme: 'actor=fleet a.load!lost:0 a.load!lost:0 a.load!lost:0 a.set5000 a.set5000 a.set5000',
  },
]

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
    name: 'a lease that is given back ends by the wall clock',
    patches: [
      {
        file: 'ledger/held-alarm.ts',
        find: 'due: delivered.begun ? now : delivered.time',
        put: 'due: delivered.due',
      },
    ],
    programme: 'reconcile=false b.clock5000 b.commit!stuck:3 +600000 step-3600000 close',
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
      {
        file: 'actor/delivery/abandon.ts',
        find: 'keeper.deleteNow(keeper.atWork())',
        put: 'keeper.intend(null)',
      },
      {
        file: 'actor/delivery/abandon.ts',
        find: 'if (!keeper.isSettled) throw unsettled(keeper, time)\n',
        put: '',
      },
    ],
    programme: 'write=promise +5000 a.run!set5000/ok a.run!giveup a.abandon!set10000/ok a.set0',
  },
  {
    name: 'an incarnation that is not the owner any more answers what is given up with what it remembers',
    patches: [
      {
        file: 'actor/delivery/abandon.ts',
        find: 'if (isOfAnother(keeper, delivered)) throw unproven(keeper, time)\n',
        put: '',
      },
    ],
    programme:
      'actor=fleet many=true fork a.run!ok a.run!giveup a.set5000 a.commit!hang:40000 a.set2000 +5000 a.set2000 a.set3000',
  },
]

/** Those of the explorer besides, where the sources are what is changed. */
export const protections: readonly Protection[] = [
  ...own,
  ...boundary,
  ...limits,
  ...epochs,
  ...mutants.flatMap(({ name, patches }) => {
    if (patches === undefined) return []
    const programme = programmes[name]
    return [programme === undefined ? { name, patches } : { name, patches, programme }]
  }),
]
