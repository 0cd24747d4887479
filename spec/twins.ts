import type { Change, Defines } from './spin.ts'

/** The same fault as that of a broken engine (`test/explore/mutants.ts`), in the specification. */
export interface Twin {
  /** of the broken engine, or of a fault that no engine has */
  readonly name: string
  readonly changes: readonly Change[]
  /** what must be able to happen to show it, besides the usual */
  readonly defines?: Defines
  readonly file?: 'nolater.pml' | 'turns.pml'
  /** no engine has this fault */
  readonly isOwn?: true
  /** `liveness`: no sentence is ever false, but something never comes */
  readonly seenBy?: 'liveness'
}

const parked = { find: 'byte clock;', put: 'byte clock; byte parked = NONE; bool isParked;' }
const writesParked = {
  find: 'LATER && QUIET -> issueWrite(A.committed, false); neverLater() }',
  put: 'LATER && QUIET -> if :: !isParked -> parked = A.committed :: else -> skip fi; issueWrite(parked, false); isParked = false; parked = NONE; neverLater() }',
}
const giveups = { GIVEUPS: 2, INTENTS: 2 }
const waited = { WAITERS: 1 }
const touched = { EXTRAS: 1, INTENTS: 1, WAITERS: 1 }

export const twins: readonly Twin[] = [
  // ---- rule 1: earlier first
  {
    name: 'no gate: a precommit does not wait for the write in flight',
    changes: [{ find: '#define WRITER_FREE  (!A.writing)', put: '#define WRITER_FREE  (!(UNDER_WAY))' }],
  },
  {
    name: 'switchMap over the write: a new one unsubscribes from the one in flight',
    changes: [
      { find: '#define WRITER_FREE  (!A.writing)', put: '#define WRITER_FREE  (!(UNDER_WAY))' },
      {
        find: '  assert(!A.writing);                                     /* one at a time */\n',
        put: '  if :: A.writing -> lose(false, A.same, A.writes, A.issued, NONE) :: else -> skip fi;\n  assert(!(A.writing && !early));\n',
      },
      // Its client knows no fence: that is what unsubscribing leans on.
      { find: '  :: fence >= heldFence ->', put: '  :: true ->' },
    ],
  },
  {
    name: 'the bound becomes the precommit when it is issued',
    changes: [
      {
        find: '     A.bound = time\n  :: else -> skip',
        put: '     A.bound = time\n  :: else -> A.bound = time',
      },
    ],
  },
  {
    name: 'the bound becomes the precommit also when it fails',
    changes: [
      {
        find: 'A.precommit -> failures--; break_(); assert(!A.alive) }',
        put: 'A.precommit -> failures--; A.bound = A.writes; A.writing = false }',
      },
    ],
  },
  {
    name: 'a failed precommit is tried again as if it were a later move',
    changes: [
      {
        find: 'A.precommit -> failures--; break_(); assert(!A.alive) }',
        put: 'A.precommit -> failures--; A.writing = false; A.resting = true; assert(!A.alive) }',
      },
    ],
  },

  // ---- rule 2: then commit
  {
    name: 'commit before precommit',
    changes: [
      {
        find: '#define COMMIT       (!EARLIER && (',
        put: '#define COMMIT       ((',
      },
    ],
  },
  {
    name: 'two commits at a time',
    changes: [
      { find: '#define STORE_FREE   (!A.committing)', put: '#define STORE_FREE   (A.desired != A.commits)' },
    ],
  },

  // ---- rule 3: later last
  {
    name: 'later write before its commit',
    changes: [
      {
        find: '#define LATER        (!EARLIER && !COMMIT && (A.bound < A.committed || A.owed))',
        put: '#define LATER        (!EARLIER && (A.bound < A.desired || A.owed))',
      },
      {
        find: 'LATER && QUIET -> issueWrite(A.committed, false)',
        put: 'LATER && QUIET -> issueWrite(A.desired, false)',
      },
    ],
  },
  {
    name: 'later write while a commit is in flight',
    changes: [
      { find: 'A.alive && LATER && QUIET ->', put: 'A.alive && LATER && !A.writing && !A.resting ->' },
      { find: '|| (LATER && QUIET))', put: '|| (LATER && !A.writing && !A.resting))' },
    ],
    defines: touched,
  },
  {
    name: 'the bound becomes the later time only when it is acknowledged',
    changes: [
      { find: '     A.bound = time\n  :: else -> skip', put: '     skip\n  :: else -> skip' },
      {
        find: '  A.writing = false; A.acked = A.issued;\n',
        put: '  A.writing = false; A.acked = A.issued; A.bound = A.writes;\n',
      },
    ],
  },
  {
    name: 'parked value (workerd #7330)',
    changes: [
      parked,
      writesParked,
      {
        find: '  A.committed = A.commits; A.committing = false;',
        put: '  A.committed = A.commits; if :: A.writing && A.bound < A.committed -> isParked = true; parked = A.committed; A.owed = true :: else -> skip fi; A.committing = false;',
      },
    ],
    defines: { INTENTS: 3, FAILURES: 0, CRASHES: 0, LATE: 0 },
  },
  {
    name: 'a retry writes the old value',
    changes: [
      parked,
      writesParked,
      {
        find: '       :: !EARLIER -> A.resting = true\n',
        put: '       :: !EARLIER -> A.resting = true; isParked = true; parked = A.bound\n',
      },
    ],
  },
  {
    name: 'a retry does not give way to an earlier move',
    changes: [{ find: '  if :: early -> A.resting = false :: else -> skip fi;', put: '' }],
  },
  {
    name: 'a later write that failed is not tried again',
    changes: [{ find: 'A.resting = false; A.owed = true }', put: 'A.resting = false }' }],
  },

  // ---- the pipe
  {
    name: 'the pipe is removed: what has to wait is dropped',
    changes: [
      { find: 'byte clock;', put: 'byte clock; bool dropped;' },
      { find: '#define WRITER_FREE  (!A.writing)', put: '#define WRITER_FREE  (!A.writing && !dropped)' },
      {
        find: '  newestStands()\n}\n\ninline renew',
        put: '  dropped = (A.writing && EARLIER);\n  newestStands()\n}\n\ninline renew',
      },
    ],
    seenBy: 'liveness',
  },
  {
    name: 'stale quiet: read before a write has been let go',
    changes: [
      { find: 'A.alive && LATER && QUIET ->', put: 'A.alive && LATER && !A.writing && !A.resting ->' },
      { find: '|| (LATER && QUIET))', put: '|| (LATER && !A.writing && !A.resting))' },
    ],
    defines: touched,
  },

  // ---- fence and epoch
  {
    name: 'no fence: every write carries the same',
    changes: [
      { find: '  :: fence >= heldFence ->', put: '  :: true ->' },
      { find: 'heldTime = time; heldFence = fence', put: 'heldTime = time; heldFence = BASE' },
    ],
  },
  {
    name: 'the manager does not look at the fence of a set',
    changes: [{ find: '  :: fence >= heldFence ->', put: '  :: fence >= heldFence || time != NONE ->' }],
  },
  {
    name: 'the manager does not look at the fence of a deletion',
    changes: [{ find: '  :: fence >= heldFence ->', put: '  :: fence >= heldFence || time == NONE ->' }],
  },
  {
    name: 'a deletion does not leave its fence behind',
    changes: [
      {
        find: 'heldTime = time; heldFence = fence\n  :: else -> skip',
        put: 'heldTime = time; heldFence = (time == NONE -> 0 : fence)\n  :: else -> skip',
      },
    ],
  },
  {
    name: '"done" removes whatever the manager holds',
    changes: [{ find: '  :: fence == heldFence && time == heldTime ->', put: '  :: true ->' }],
  },
  {
    name: 'the store does not raise the epoch',
    changes: [{ find: '  epoch = epoch + 1;', put: '  epoch = 1;' }],
  },
  {
    name: 'the fence is not built from the epoch',
    changes: [{ find: '#define BASE         (A.epoch * EPOCH)', put: '#define BASE         0' }],
  },
  {
    name: 'no reconciling at the opening',
    changes: [{ find: '  A.owed = reconciled; ', put: '  A.owed = false; ' }],
  },
  {
    name: 'a failed commit counts as one that is durable',
    changes: [
      {
        find: 'A.committing -> failures--; break_() }',
        put: 'A.committing -> failures--; acknowledgeCommit() }',
      },
    ],
  },

  // ---- delivery
  {
    name: 'the bound is dropped when the handler starts, as if the manager held nothing',
    changes: [
      {
        find: '  lease = taken; A.handler = running;',
        put: '  A.bound = NONE; lease = taken; A.handler = running;',
      },
    ],
  },
  {
    name: 'clean without looking at the commit in flight',
    changes: [
      {
        find: '#define CLEAN        (A.desired == A.committed && !(A.committing && A.commits != A.committed))',
        put: '#define CLEAN        (A.desired == A.committed)',
      },
    ],
  },
  {
    name: 'an intent that is not durable yet counts as clean',
    changes: [
      {
        find: '#define CLEAN        (A.desired == A.committed && !(A.committing && A.commits != A.committed))',
        put: '#define CLEAN        true',
      },
    ],
  },
  {
    name: 'an alarm that is due by now is put right instead of run',
    changes: [{ find: '&& CLEAN && A.desired <= clock && A.desired != NONE ->', put: '&& false ->' }],
  },
  {
    name: 'an alarm that is not due is run',
    changes: [
      {
        find: '&& CLEAN && A.desired <= clock && A.desired != NONE ->',
        put: '&& CLEAN && A.desired != NONE ->',
      },
    ],
  },
  {
    name: 'the deletion is not deferred',
    changes: [
      {
        find: 'runHandler(leaseTime, leaseSince > A.stale)',
        put: 'runHandler(leaseTime, leaseSince > A.stale); if :: A.deletion == deferred -> A.deletion = byAnswer; want(NONE, true) :: else -> skip fi',
      },
    ],
  },
  {
    name: 'a handler that fails deletes the alarm',
    changes: [
      {
        find: 'failures--; failRun(); newestStands() }',
        put: 'failures--; if :: A.deletion == deferred -> want(NONE, true) :: else -> skip fi; failRun(); newestStands() }',
      },
    ],
  },
  {
    name: 'a set in the handler does not cancel the deletion',
    changes: [{ find: '  if :: A.deletion == deferred -> A.deletion = keeps :: else -> skip fi; ', put: '' }],
  },
  {
    name: 'a set of the same time does not cancel the deletion',
    changes: [
      {
        find: '  if :: A.deletion == deferred -> A.deletion = keeps ::',
        put: '  if :: A.deletion == deferred && time != A.desired -> A.deletion = keeps ::',
      },
    ],
  },
  {
    name: 'a newer write is one acknowledged since the delivery began',
    changes: [{ find: '  leaseSince = SINCE(leaseFence);', put: '  leaseSince = A.acked;' }],
  },
  {
    name: 'answered as soon as the handler has succeeded',
    changes: [
      {
        find: '#define ANSWERS      (A.handler == answering && DRAINED)',
        put: '#define ANSWERS      (A.handler == answering)',
      },
      { find: '       :: A.acked != A.issued -> failRun()\n', put: '       :: true -> answer()\n' },
    ],
  },
  {
    name: 'answered when all is committed, before the manager has caught up',
    changes: [
      {
        find: '#define ANSWERS      (A.handler == answering && DRAINED)',
        put: '#define ANSWERS      (A.handler == answering && CLEAN)',
      },
      { find: '       :: A.acked != A.issued -> failRun()\n', put: '       :: true -> answer()\n' },
    ],
  },
  {
    name: 'answered although the last write was given up',
    changes: [
      {
        find: '       :: A.acked != A.issued -> failRun()\n',
        put: '       :: A.acked != A.issued -> answer()\n',
      },
    ],
  },
  {
    name: 'put right is answered although the write was given up',
    changes: [
      {
        find: 'A.alive && NOT_PUT -> noLeaseAnyMore() }',
        put: 'A.alive && NOT_PUT -> lease = answered; leaseKept = NONE }',
      },
    ],
  },
  {
    name: 'put right is answered before the write is acknowledged',
    changes: [{ find: 'leaseTo == me && A.acked > leaseSince)', put: 'leaseTo == me)' }],
  },
  {
    name: 'the answer counts as the deletion although a newer write stands',
    changes: [{ find: ' && QUIET && A.issued <= A.since ->', put: ' && QUIET ->' }],
    defines: { INTENTS: 3, CRASHES: 0, LATE: 0 },
  },

  // ---- the same time again
  {
    name: 'the same time again is no move, though its delivery has begun',
    changes: [
      { find: '  :: time != A.desired || BEGUN(time) -> want(', put: '  :: time != A.desired -> want(' },
    ],
  },
  {
    name: 'what is asked again is committed before the manager has it',
    changes: [
      {
        find: '#define EARLIER      (A.again || A.desired < A.bound)',
        put: '#define EARLIER      (A.desired < A.bound)',
      },
    ],
  },
  {
    name: 'what is asked again is written as the same alarm once more',
    changes: [{ find: '  A.same = !early && time == A.bound;', put: '  A.same = time == A.bound;' }],
  },
  {
    name: 'what is due at the opening counts as not delivered before',
    changes: [{ find: '  A.begun = (store <= clock -> BASE : 0); ', put: '  A.begun = 0; ' }],
  },
  {
    name: 'what is asked again is used up by the delivery before',
    changes: [{ find: 'runHandler(leaseTime, leaseSince > A.stale)', put: 'runHandler(leaseTime, true)' }],
    defines: { INTENTS: 3, FAILURES: 1, CRASHES: 0, LATE: 0 },
  },
  {
    name: 'what is asked again is given up with the alarm before',
    changes: [
      {
        find: '       :: A.desired == leaseTime && SINCE(leaseFence) > A.stale ->',
        put: '       :: A.desired == leaseTime ->',
      },
    ],
    defines: { ...giveups, INTENTS: 3, CRASHES: 0, LATE: 0 },
  },

  // ---- abandoning
  {
    name: 'an abandoned alarm counts as gone from the manager before it is gone from the store',
    changes: [{ find: 'A.abandoned = A.issued; A.desired', put: 'A.bound = NONE; A.desired' }],
    defines: giveups,
  },
  {
    name: 'an abandoned alarm counts as still at the manager when it is gone from the store',
    changes: [{ find: 'A.abandoned = A.issued; A.desired', put: 'A.desired' }],
    defines: giveups,
  },
  {
    name: 'what is kept in place of an abandoned alarm does not raise the bound',
    changes: [{ find: '-> A.bound = A.committed; A.owed = true ::', put: '-> A.owed = true ::' }],
    defines: giveups,
  },
  {
    name: 'an alarm that is not settled is given up',
    changes: [
      {
        find: 'lease == exhausted && leaseTo == me && !(SETTLED) ->',
        put: 'lease == exhausted && leaseTo == me && false ->',
      },
      {
        find: 'lease == exhausted && leaseTo == me && (SETTLED) ->',
        put: 'lease == exhausted && leaseTo == me ->',
      },
    ],
    defines: giveups,
  },
  {
    name: 'an alarm is given up while a handler runs',
    changes: [
      {
        find: '#define SETTLED      (CONFIRMED && !A.writing && A.handler == noRun)',
        put: '#define SETTLED      (CONFIRMED && !A.writing)',
      },
    ],
    defines: { ...giveups, CRASHES: 0, LATE: 0 },
  },
  {
    name: 'a manager forgets an alarm after its last retry',
    changes: [{ find: '-> heldFailed = true ::', put: '-> heldTime = NONE ::' }],
    defines: giveups,
  },

  // ---- output gate
  {
    name: 'the gate opens when the commit is issued',
    changes: [
      {
        find: 'inline carry(where) { if :: where == ASKED -> where = CARRIED ::',
        put: 'inline carry(where) { if :: where == ASKED -> where = DURABLE ::',
      },
    ],
    defines: waited,
  },
  {
    name: 'the gate opens for what was asked during the commit',
    changes: [
      {
        find: 'inline keep(where)  { if :: where == CARRIED -> where = DURABLE ::',
        put: 'inline keep(where)  { if :: where != DURABLE -> where = DURABLE ::',
      },
    ],
    defines: waited,
  },
  {
    name: 'the gate opens when the manager has the alarm',
    changes: [
      {
        find: '     A.bound = A.writes; A.setBy = A.issued;\n',
        put: '     A.bound = A.writes; A.setBy = A.issued; A.gate = DURABLE; waitFor = DURABLE;\n',
      },
    ],
    defines: waited,
  },
  {
    name: 'an intent that was put back counts as durable',
    changes: [
      {
        find: '  touch(unconfirmed);\n  A.again',
        put: '  touch(unconfirmed); if :: time == A.committed && !A.committing -> A.touched = false; A.asks = DURABLE; A.gate = DURABLE; waitFor = DURABLE :: else -> skip fi;\n  A.again',
      },
    ],
    defines: waited,
  },
  {
    name: 'what was put back has no commit due',
    changes: [{ find: '  A.touched = true; A.asks = ASKED;', put: '  A.asks = ASKED;' }],
    defines: touched,
  },
  {
    name: 'the gate does not close',
    changes: [{ find: '  if :: !unconfirmed -> A.gate = ASKED :: else -> skip fi\n', put: '  skip\n' }],
    defines: waited,
  },

  // ---- that no engine has
  {
    name: 'woken too early, it writes nothing and asks to be woken again',
    changes: [
      { find: '     lease = putRight; leaseSince = A.issued; renew()', put: '     noLeaseAnyMore()' },
    ],
    defines: { INTENTS: 2, FAILURES: 1 },
    seenBy: 'liveness',
    isOwn: true,
  },
  {
    name: 'earlier moves always go before later ones, where actors take turns',
    file: 'turns.pml',
    changes: [{ find: '(len(later) == 0 || inARow < IN_A_ROW)', put: 'true' }],
    seenBy: 'liveness',
    isOwn: true,
  },
]

const oneCopy =
  'of the row that a fleet on PostgreSQL delivers from: the store and the manager are one there, and nothing can be later than itself'

/** Broken engines that have no twin, and why. */
export const withoutTwin: Readonly<Record<string, string>> = {
  'one copy: what is asked again is the alarm of before': oneCopy,
  'one copy: a later alarm has the fence of the write before it': oneCopy,
  'one copy: an alarm that was written has the fence of a write to come': oneCopy,
  'one copy: a delivery does not wait for the commit in flight': oneCopy,
}
