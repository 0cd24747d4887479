import { rowAlarm } from '../../src/postgres/fleet/row-alarm.ts'
import type { ExploreOptions } from './explorer/options.ts'
import type { Patch } from './patch-engine.ts'

/** A fault put in on purpose, which the explorer must find. */
export interface Mutant {
  readonly name: string
  /** in the engine */
  readonly patches?: readonly Patch[]
  /** in the store or the manager around it */
  readonly world?: ExploreOptions['world']
  /** what must be able to happen to show it, besides the usual */
  readonly bounds?: ExploreOptions
}

const unreconciled: ExploreOptions = { reconcile: false, wakes: 2 }
const oneCopy = { oneCopy: true }

const impatient: Patch = {
  file: 'actor/pipe.ts',
  find: 'due.earlier.pipe(latestWhen(writerFree$))',
  put: 'due.earlier',
}

export const mutants: readonly Mutant[] = [
  // ---- rule 1: earlier first
  {
    name: 'no gate: a precommit does not wait for the write in flight',
    patches: [
      impatient,
      {
        file: 'actor/pipe.ts',
        find: 'merge(earlier$, later$).pipe(concatMap((step) => calls[step]))',
        put: 'merge(earlier$, later$).pipe(mergeMap((step) => calls[step]))',
      },
      { file: 'actor/pipe.ts', find: 'concatMap, first', put: 'concatMap, mergeMap, first' },
    ],
  },
  {
    name: 'switchMap over the write: a new one unsubscribes from the one in flight',
    patches: [
      impatient,
      {
        file: 'actor/pipe.ts',
        find: 'merge(earlier$, later$).pipe(concatMap((step) => calls[step]))',
        put: 'merge(earlier$, later$).pipe(switchMap((step) => calls[step]))',
      },
      {
        file: 'actor/keeper.ts',
        find: 'if (!work.unsettled && this.due === step) return this.call(step, work, free)',
        put: 'if (this.due === step) {\n      work.write?.unsubscribe()\n      return this.call(step, work, free)\n    }',
      },
    ],
  },
  {
    name: 'the bound becomes the precommit when it is issued',
    patches: [
      {
        file: 'actor/record/writes.ts',
        find: '    work.behind = false\n  }\n',
        put: '    work.behind = false\n  } else alarm.bound = time\n',
      },
    ],
  },
  {
    name: 'the bound becomes the precommit also when it fails',
    patches: [
      {
        file: 'actor/calls.ts',
        find: 'alarm.fail(precommitError(alarm.key, printTime(write.time), error))',
        put: 'alarm.bound = write.time',
      },
    ],
  },
  {
    name: 'a failed precommit is tried again as if it were a later move',
    patches: [
      {
        file: 'actor/calls.ts',
        find: 'alarm.fail(precommitError(alarm.key, printTime(write.time), error))',
        put: '{}',
      },
    ],
  },

  // ---- rule 2: then commit
  {
    name: 'commit before precommit',
    patches: [
      {
        file: 'actor/rules.ts',
        find: "if (isEarlier(alarm, asked)) return 'earlier'",
        put: "if (alarm.desired !== alarm.committed && !asked.committing) return 'commit'\n  if (isEarlier(alarm, asked)) return 'earlier'",
      },
    ],
  },
  {
    name: 'two commits at a time',
    patches: [
      {
        file: 'actor/pipe.ts',
        find: 'due.commit.pipe(latestWhen(storeFree$))',
        put: 'due.commit',
      },
    ],
  },

  // ---- rule 3: later last
  {
    name: 'later write before its commit',
    patches: [
      {
        file: 'actor/rules.ts',
        find: '  // 2. Then commit',
        put: "  if (isBefore(alarm.bound, alarm.desired)) return 'later'\n  // 2. Then commit",
      },
      {
        file: 'actor/record/writes.ts',
        find: 'const time = isPrecommit ? alarm.desired : alarm.committed\n',
        put: 'const time = alarm.desired\n',
      },
    ],
  },
  {
    name: 'later write while a commit is in flight',
    patches: [
      {
        file: 'actor/facts.ts',
        find: 'this.isWriterFree && this.isStoreFree && !this.isResting',
        put: 'this.isWriterFree && !this.isResting',
      },
    ],
    bounds: { also: ['touch'] },
  },
  {
    name: 'the bound becomes the later time only when it is acknowledged',
    patches: [
      {
        file: 'actor/record/writes.ts',
        find: '    alarm.bound = time\n    work.behind = false\n',
        put: '    work.behind = false\n',
      },
      {
        file: 'actor/record/writes.ts',
        find: '  if (work.isPrecommit) {\n    alarm.bound = write.time\n',
        put: '  alarm.bound = write.time\n  if (work.isPrecommit) {\n',
      },
    ],
  },
  {
    name: 'parked value (workerd #7330)',
    patches: [
      {
        file: 'actor/record/commits.ts',
        find: 'alarm.committed = time\n',
        put: 'alarm.committed = time\n  if (work.writing && isBefore(alarm.bound, time)) {\n    work.parked = time\n    work.owed = true\n  }\n',
      },
      {
        file: 'actor/record/writes.ts',
        find: 'const time = isPrecommit ? alarm.desired : alarm.committed\n',
        put: 'const time = isPrecommit ? alarm.desired : (work.parked ?? alarm.committed)\n  work.parked = undefined\n',
      },
    ],
  },
  {
    name: 'a retry writes the old value',
    patches: [
      {
        file: 'actor/record/writes.ts',
        find: 'work.owed = true\n    alarm.settle()',
        put: 'work.owed = true\n    work.parked = write.time\n    alarm.settle()',
      },
      {
        file: 'actor/record/writes.ts',
        find: 'const time = isPrecommit ? alarm.desired : alarm.committed\n',
        put: 'const time = isPrecommit ? alarm.desired : (work.parked ?? alarm.committed)\n  work.parked = undefined\n',
      },
    ],
  },
  {
    name: 'a retry does not give way to an earlier move',
    patches: [
      {
        file: 'actor/record/writes.ts',
        find: 'if (isPrecommit) retryDropped(alarm) // it says all that a failed later move wanted to say',
        put: '',
      },
    ],
  },
  {
    name: 'a later write that failed is not tried again',
    patches: [
      { file: 'actor/record/writes.ts', find: 'work.owed = true\n    alarm.settle()', put: 'alarm.settle()' },
    ],
  },

  // ---- the pipe
  {
    name: 'the pipe is removed: what has to wait is dropped',
    patches: [
      {
        file: 'actor/keeper.ts',
        find: '      this.pipe(work).due(due)\n',
        put: '',
      },
    ],
  },
  {
    name: 'stale quiet: read before a write has been let go',
    patches: [
      {
        file: 'actor/pipe.ts',
        find: '      give(writerFree$, traffic.isWriterFree)\n',
        put: '      const { isQuiet } = traffic\n      give(writerFree$, traffic.isWriterFree)\n',
      },
      { file: 'actor/pipe.ts', find: 'give(quiet$, traffic.isQuiet)', put: 'give(quiet$, isQuiet)' },
    ],
    bounds: { also: ['touch'] },
  },

  // ---- fence and epoch
  {
    name: 'no fence: every write carries the same',
    patches: [
      {
        file: 'actor/record/writes.ts',
        find: 'fenceOf(alarm.fenceEpoch, alarm.issued + 1,',
        put: 'fenceOf(alarm.fenceEpoch, 0,',
      },
    ],
  },
  { name: 'the manager does not look at the fence of a set', world: { fencesSets: false } },
  { name: 'the manager does not look at the fence of a deletion', world: { fencesDeletes: false } },
  { name: 'a deletion does not leave its fence behind', world: { keepsFences: false } },
  { name: '"done" removes whatever the manager holds', world: { fencesDone: false } },
  { name: 'the store does not raise the epoch', world: { raisesEpoch: false } },
  {
    name: 'the fence is not built from the epoch',
    patches: [{ file: 'actor/record/writes.ts', find: 'fenceOf(alarm.fenceEpoch, ', put: 'fenceOf(0, ' }],
  },
  {
    name: 'no reconciling at the opening',
    patches: [
      { file: 'actor/keeper.ts', find: 'if (this.config.reconcile !== false) this.renew()', put: '' },
    ],
  },

  {
    name: 'a failed commit counts as one that is durable',
    patches: [
      {
        file: 'actor/calls.ts',
        find: 'alarm.fail(isFenced(cause) ? cause : commitError(alarm.key, printTime(commit.time), cause))',
        put: 'this.acknowledged()',
      },
    ],
  },

  // ---- delivery
  {
    name: 'the bound is dropped when the handler starts, as if the manager held nothing',
    patches: [
      {
        file: 'actor/record/deliveries.ts',
        find: 'alarm.atWork().run = run',
        put: 'alarm.atWork().run = run\n  alarm.bound = null',
      },
    ],
  },
  {
    name: 'clean without looking at the commit in flight',
    patches: [
      {
        file: 'actor/facts.ts',
        find: 'return !(work?.committing === true && work.commits !== committed) && desired === committed',
        put: 'return desired === committed',
      },
    ],
  },
  {
    name: 'an intent that is not durable yet counts as clean',
    patches: [{ file: 'actor/delivery/arming.ts', find: 'if (!isClean) return', put: 'if (false) return' }],
  },
  {
    name: 'an alarm that is due by now is put right instead of run',
    patches: [
      {
        file: 'actor/delivery/arming.ts',
        find: 'if (desired !== null && desired <= now) return',
        put: 'if (false) return',
      },
    ],
  },
  {
    name: 'an alarm that is not due is run',
    patches: [
      {
        file: 'actor/delivery/arming.ts',
        find: 'if (desired !== null && desired <= now) return',
        put: 'if (desired !== null) return',
      },
    ],
  },
  {
    name: 'the deletion is not deferred',
    patches: [
      {
        file: 'actor/delivery/deliver.ts',
        find: 'handlerStarted(keeper, this)\n',
        put: 'handlerStarted(keeper, this)\n    if (deletes) {\n      this.deletion = "answer"\n      keeper.want(null, true)\n    }\n',
      },
    ],
  },
  {
    name: 'a handler that fails deletes the alarm',
    patches: [
      {
        file: 'actor/delivery/deliver.ts',
        find: 'handlerEnded(this.keeper, this)\n',
        put: 'handlerEnded(this.keeper, this)\n        if (this.deletion === "deferred") this.keeper.want(null, true)\n',
      },
    ],
  },
  {
    name: 'a set in the handler does not cancel the deletion',
    patches: [
      {
        file: 'actor/record/intents.ts',
        find: "if (run?.deletion === 'deferred') run.deletion = 'none'",
        put: '',
      },
    ],
  },
  {
    name: 'a set of the same time does not cancel the deletion',
    patches: [
      {
        file: 'actor/record/intents.ts',
        find: "if (run?.deletion === 'deferred') run",
        put: "if (run?.deletion === 'deferred' && time !== alarm.desired) run",
      },
    ],
  },
  {
    name: 'a newer write is one acknowledged since the delivery began',
    patches: [{ file: 'actor/delivery/deliver.ts', find: 'sinceOf(keeper, wakeup)', put: 'keeper.acked' }],
  },
  {
    name: 'answered as soon as the handler has succeeded',
    patches: [
      {
        file: 'actor/delivery/deliver.ts',
        find: 'want(null, true)\n    this.wait(isDrained, 0, this.answer)\n',
        put: 'want(null, true)\n    this.done()\n',
      },
    ],
  },
  {
    name: 'answered when all is committed, before the manager has caught up',
    patches: [
      {
        file: 'actor/delivery/deliver.ts',
        find: 'want(null, true)\n    this.wait(isDrained, 0, this.answer)\n',
        put: 'want(null, true)\n    this.wait((alarm) => alarm.isClean, 0, this.done)\n',
      },
    ],
  },
  {
    name: 'answered although the last write was given up',
    patches: [
      {
        file: 'actor/delivery/deliver.ts',
        find: 'if (keeper.acked !== keeper.issued) throw undelivered(keeper)',
        put: '',
      },
    ],
  },
  {
    name: 'put right is answered although the write was given up',
    patches: [
      {
        file: 'actor/delivery/deliver.ts',
        find: 'if (keeper.acked <= this.since) throw undelivered(keeper)',
        put: '',
      },
    ],
  },
  {
    name: 'put right is answered before the write is acknowledged',
    patches: [
      {
        file: 'actor/delivery/deliver.ts',
        find: 'alarm.acked > before || alarm.isDrained || alarm.isResting',
        put: 'alarm.acked >= before',
      },
      {
        file: 'actor/delivery/deliver.ts',
        find: 'if (keeper.acked <= this.since) throw undelivered(keeper)',
        put: '',
      },
    ],
  },
  {
    name: 'the answer counts as the deletion although a newer write stands',
    patches: [{ file: 'actor/record/deliveries.ts', find: ' && alarm.issued <= run.since', put: '' }],
  },

  // ---- the same time again
  {
    name: 'the same time again is no move, though its delivery has begun',
    patches: [
      {
        file: 'actor/keeper.ts',
        find: 'if (time !== this.desired || this.isBegun(time)) this.want',
        put: 'if (time !== this.desired) this.want',
      },
    ],
  },
  {
    name: 'what is asked again is committed before the manager has it',
    patches: [
      {
        file: 'actor/rules.ts',
        find: 'return again || isBefore(desired, bound)',
        put: 'return isBefore(desired, bound)',
      },
    ],
  },
  {
    name: 'what is asked again is written as the same alarm once more',
    patches: [
      {
        file: 'actor/record/writes.ts',
        find: "const move = isPrecommit ? 'earlier' : moveTo(time, alarm.bound)",
        put: 'const move = moveTo(time, alarm.bound)',
      },
    ],
  },
  {
    name: 'what is due at the opening counts as not delivered before',
    patches: [
      {
        file: 'actor/facts.ts',
        find: '    this.suspect()\n',
        put: '',
      },
    ],
  },
  {
    name: 'what is asked again is used up by the delivery before',
    patches: [{ file: 'actor/delivery/arming.ts', find: 'deletes: !isStale }', put: 'deletes: true }' }],
    bounds: { intents: 2, wakes: 2 },
  },
  {
    name: 'what is asked again is given up with the alarm before',
    patches: [{ file: 'actor/delivery/abandon.ts', find: ' && !isOfBefore(keeper, delivered)', put: '' }],
    bounds: { intents: 2, wakes: 2, abandons: 1 },
  },

  // ---- abandoning
  {
    name: 'an abandoned alarm counts as gone from the manager before it is gone from the store',
    patches: [
      {
        file: 'actor/record/deliveries.ts',
        find: 'alarm.atWork().abandoned = alarm.issued',
        put: 'alarm.bound = null',
      },
    ],
    bounds: { abandons: 1 },
  },
  {
    name: 'an abandoned alarm counts as still at the manager when it is gone from the store',
    patches: [
      { file: 'actor/record/deliveries.ts', find: 'alarm.atWork().abandoned = alarm.issued', put: '' },
    ],
    bounds: { abandons: 1 },
  },
  {
    name: 'what is kept in place of an abandoned alarm does not raise the bound',
    patches: [{ file: 'actor/record/deliveries.ts', find: 'alarm.bound = kept', put: '' }],
    bounds: { abandons: 1 },
  },
  {
    name: 'an alarm that is not settled is given up',
    patches: [
      {
        file: 'actor/delivery/abandon.ts',
        find: 'if (!keeper.isSettled) throw unsettled(keeper, time)\n',
        put: '',
      },
    ],
    bounds: { abandons: 1 },
  },
  {
    name: 'an alarm is given up while a handler runs',
    patches: [
      { file: 'actor/facts.ts', find: ' && (this.work === null || this.work.run === null)', put: '' },
    ],
    bounds: { abandons: 1 },
  },

  {
    name: 'a manager forgets an alarm after its last retry',
    world: { keepsFailed: false },
    bounds: { abandons: 1 },
  },

  // ---- output gate
  {
    name: 'the gate opens when the commit is issued',
    patches: [
      {
        file: 'actor/record/commits.ts',
        find: 'work.committing = true\n',
        put: 'work.committing = true\n  work.covered = work.asked\n',
      },
    ],
  },
  {
    name: 'the gate opens for what was asked during the commit',
    patches: [
      { file: 'actor/record/commits.ts', find: 'work.covered = covers', put: 'work.covered = work.asked' },
    ],
  },
  {
    name: 'the gate opens when the manager has the alarm',
    patches: [
      {
        file: 'actor/record/writes.ts',
        find: '    alarm.setBy = sequence\n',
        put: '    alarm.setBy = sequence\n    work.covered = work.asked\n',
      },
    ],
  },
  {
    name: 'an intent that was put back counts as durable',
    patches: [
      {
        file: 'actor/record/intents.ts',
        find: '  const work = touched(alarm, unconfirmed)\n  work.again',
        put: '  const touched = alarm.work?.touched === true\n  const work = touched(alarm, unconfirmed)\n  work.touched = touched || time === replaced\n  work.again',
      },
      {
        file: 'actor/keeper.ts',
        find: '      lookAgain(this, work)\n',
        put: '      if (this.desired === this.committed && !work.committing && !work.touched) work.covered = work.asked\n      lookAgain(this, work)\n',
      },
    ],
  },
  {
    name: 'what was put back has no commit due',
    patches: [
      { file: 'actor/record/intents.ts', find: 'work.touched = true\n  work.asked++', put: 'work.asked++' },
    ],
    bounds: { also: ['touch'] },
  },
  {
    name: 'the gate does not close',
    patches: [
      { file: 'actor/record/intents.ts', find: 'if (!unconfirmed) work.gated = work.asked', put: '' },
    ],
  },

  // ---- one copy: the row of the store is what is delivered
  {
    name: 'one copy: what is asked again is the alarm of before',
    world: oneCopy,
    bounds: { ...unreconciled, rowAlarm: (record, time) => ({ ...rowAlarm(record, time), isNew: false }) },
  },
  {
    name: 'one copy: a later alarm has the fence of the write before it',
    world: oneCopy,
    bounds: {
      ...unreconciled,
      rowAlarm: (record, time) =>
        rowAlarm(Object.assign(Object.create(record), { issued: record.issued - 1 }), time),
    },
  },
  {
    name: 'one copy: an alarm that was written has the fence of a write to come',
    world: oneCopy,
    bounds: {
      ...unreconciled,
      rowAlarm: (record, time) => rowAlarm(Object.assign(Object.create(record), { bound: NaN }), time),
    },
  },
  {
    name: 'one copy: a delivery does not wait for the commit in flight',
    world: { ...oneCopy, holdsDeliveries: false },
    bounds: unreconciled,
  },
]
