/*
 * The protocol of nolater, in Promela: an actor with one alarm, its store, its manager, and all that can go wrong between them.
 *
 * A process below is one party; each of its guarded commands is one thing that it may do, as a whole. README.md says how to read it.
 * Times are 1 to 3; NONE, no alarm, is later than all of them. Each sentence that is asserted here is a promise.
 */
#define NONE 4

/* What may happen at most; `npm run spec` sets others. */
#ifndef INTENTS
#define INTENTS 2
#endif
#ifndef FAILURES
#define FAILURES 1   /* of a call, a handler, a lease, or of "done" on its way */
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef LATE
#define LATE 1       /* requests that land after their client gave up */
#endif
#ifndef GIVEUPS
#define GIVEUPS 0    /* handlers that fail for the last time */
#endif
#ifndef EXTRAS
#define EXTRAS 0     /* intents that are touches, or unconfirmed */
#endif
#ifndef WAITERS
#define WAITERS 1    /* values at the gate, confirmed(), drained() */
#endif
#ifndef TIMES
#define TIMES 3
#endif
#ifndef OWNERS
#define OWNERS 1     /* incarnations that may live at once */
#endif
#ifndef RECONCILE
#define RECONCILE true
#endif

/* A fence is an epoch above a sequence; every second number, so that there is one between two writes. */
#define EPOCH 32
#define FENCE_BEFORE(f) (f - 2)

/* Where a change is, that something waits for: durable, in the commit in flight, or in none yet. */
#define DURABLE 0
#define CARRIED 1
#define ASKED 2

/* ---- the actor: what one incarnation knows */

mtype = { noRun, running, answering };/* the handler */
mtype = { keeps, deferred, byAnswer };             /* what becomes of the alarm that it was woken for */
mtype = { noLease, waiting, taken, putRight, exhausted, asked, answered };   /* a delivery */
mtype = { noWait, atGate, forConfirmed, forDrained };

typedef Actor {
  bool alive;
  byte epoch;
  byte desired = NONE;      /* the alarm of the newest intent */
  byte committed = NONE;    /* the alarm of the last commit that the store acknowledged */
  byte bound = NONE;        /* the latest time at which the manager may be holding the alarm */
  bool touched;             /* something was asked since the last commit was issued */
  bool owed;                /* the manager is owed the committed alarm once more */
  bool again;               /* the time that is desired was asked again after its delivery had begun */
  bool resting;             /* a later write has failed, and waits for its next attempt */

  bool committing;  byte commits = NONE;  bool commitApplied;
  bool writing;     byte writes = NONE;   bool writeApplied;  bool precommit;  bool same;

  byte issued; byte acked;  /* fences: of the last write, and of the last one acknowledged */
  byte setBy;               /* the write that set the alarm at the bound */
  byte begun;               /* the last one whose delivery has begun; 0: none */
  byte stale;               /* a delivery up to this one is not of the alarm that was asked last */

  byte asks = DURABLE;      /* where the newest change is, and the newest that closes the gate */
  byte gate = DURABLE;

  mtype handler = noRun;        /* at most one handler */
  mtype deletion = keeps;
  byte since;               /* a write above this fence is newer than the delivery */
  bool orphan;              /* the manager has given its lease up without a word */
  byte abandoned;           /* the last write when the alarm was given up; 0: it was not */

  byte wanted = NONE;       /* what the application wants, as an onlooker knows it */
  byte truly = DURABLE;     /* where the newest change truly is, and the newest that closes the gate */
  byte trulyGated = DURABLE;
  bool consumes;            /* the handler's success uses the wanted alarm up, as an onlooker knows it */
}
Actor actors[OWNERS];
#if OWNERS > 1
#define me (_pid % OWNERS)
#else
#define me 0
#endif
#define A actors[me]      /* that of the process itself */

/* ---- the store, and the manager with its lease */

byte store = NONE;  byte epoch;
byte heldTime = NONE;       /* the manager's copy, and its fence */
byte heldFence;
byte heldBy;                /* the write that set this alarm: the same one written once more is no new alarm */
bool heldFailed;            /* given up and kept: it is not delivered */
mtype lease = noLease;  byte leaseTime = NONE;  byte leaseFence;  byte leaseBy;  byte leaseKept = NONE;  byte leaseSince;
byte leaseTo;               /* the incarnation that it is delivered to */
byte orphanTime = NONE;  byte orphanFence;
byte clock;

/* a request that its client gave up, and that may still land: a write, or "done" */
bool stray;  bool strayDone;  bool straySame;  byte strayTime = NONE;  byte strayFence;  byte strayKept = NONE;

/* ---- what an onlooker remembers */

byte ran;                   /* the newest alarm, by the write that set it, whose delivery has begun; and when the application asked last */
byte ranBefore;
bool mayBeEarly;            /* a later write was given up, or "done" was lost: that heals at the next wake-up */
mtype wait = noWait;  byte waitFor = DURABLE;  byte waitTruly = DURABLE;  byte waitOf;

byte intents = INTENTS, failures = FAILURES, crashes = CRASHES, late = LATE, giveups = GIVEUPS, extras = EXTRAS, waiters = WAITERS;

/* ---- the three rules, and what follows from what an actor knows */

#define EARLIER      (A.again || A.desired < A.bound)
#define COMMIT       (!EARLIER && (A.desired != A.committed || A.touched))
#define LATER        (!EARLIER && !COMMIT && (A.bound < A.committed || A.owed))

#define WRITER_FREE  (!A.writing)
#define STORE_FREE   (!A.committing)
#define QUIET        (!A.writing && !A.committing && !A.resting)
#define UNDER_WAY    (A.writing && A.precommit && A.writes == A.desired)

#define CONFIRMED    (A.desired == A.committed && !A.committing && !A.touched)
#define CLEAN        (A.desired == A.committed && !(A.committing && A.commits != A.committed))
#define DRAINED      (QUIET && !EARLIER && !COMMIT && !LATER)
#define SETTLED      (CONFIRMED && !A.writing && A.handler == noRun)
#define BEGUN(t)     (t != NONE && ((t == A.bound && A.begun >= A.setBy) || (A.writing && A.writes == t && A.begun >= A.issued)))
#define BASE         (A.epoch * EPOCH)
#define CURRENT      (A.epoch == epoch)

#define ANSWERS      (A.handler == answering && DRAINED)
#define PUT_RIGHT    (lease == putRight && leaseTo == me && A.acked > leaseSince)
#define NOT_PUT      (lease == putRight && leaseTo == me && A.acked <= leaseSince && (DRAINED || A.resting))
#define ARMS         (lease == waiting && leaseTo == me && A.handler == noRun)
#define IS_GONE      (lease == asked && leaseTo == me && A.asks == DURABLE)
#define LETS_GO      (wait != noWait && waitOf == me && (wait == forDrained -> (DRAINED) : waitFor == DURABLE))
#define DUE          ((EARLIER && WRITER_FREE) || (COMMIT && STORE_FREE) || (LATER && QUIET))
#define AT_WORK      (A.alive && (DUE || ANSWERS || PUT_RIGHT || NOT_PUT || ARMS || IS_GONE || LETS_GO))

/* An actor does what is due at once; with LAZY it may wait besides, for a turn, a batch or a lock. */
#ifdef LAZY
#define AT_REST      true
#else
#define AT_REST      (!(AT_WORK))
#endif

/* ---- the promises */

#define COMMIT_MAY_REACH(i) (actors[i].committing && !actors[i].commitApplied && actors[i].epoch == epoch)
inline neverLater() {
  assert(heldTime <= store);
  assert(!COMMIT_MAY_REACH(0) || heldTime <= actors[0].commits);
#if OWNERS > 1
  assert(!COMMIT_MAY_REACH(1) || heldTime <= actors[1].commits);
#endif
}
inline newestStands() { assert(!A.alive || A.desired == A.wanted) }

/* ---- what an actor does */

inline issueWrite(time, early) {
  assert(!A.writing);                                     /* one at a time */
  assert(early || !A.committing);                         /* nothing waits for a later one: it waits for all */
  A.precommit = early;
  if :: early -> A.resting = false :: else -> skip fi;   /* it says all that a failed later write wanted to say */
  assert(!early || !A.resting);
  A.same = !early && time == A.bound;
  A.writing = true; A.writeApplied = false; A.writes = time; A.issued = A.issued + 2; A.owed = false;
  if
  :: !early ->              /* from here on the manager may hold the later time */
     if :: time != A.bound -> A.setBy = A.issued :: else -> skip fi;
     A.bound = time
  :: else -> skip
  fi
}

inline acknowledgeWrite() {
  A.writing = false; A.acked = A.issued;
  if
  :: A.precommit ->         /* only now: what may not have been applied must not let its commit go */
     A.bound = A.writes; A.setBy = A.issued;
     A.again = A.again && A.desired == A.writes && A.stale >= A.issued
  :: else -> skip
  fi;
  A.writes = NONE; A.writeApplied = false; A.precommit = false; A.same = false
}

inline issueCommit() {
  assert(!A.committing);
  assert(A.desired == A.wanted);
  assert(!CURRENT || A.desired == NONE || A.desired != heldTime || heldBy > ranBefore);   /* asked again, it is with the manager first */
  A.committing = true; A.commitApplied = false; A.commits = A.desired; A.touched = false;
  carry(A.asks); carry(A.gate); trulyCarry(A.truly); trulyCarry(A.trulyGated);
  if :: wait != noWait && waitOf == me -> carry(waitFor); trulyCarry(waitTruly) :: else -> skip fi
}
inline carry(where) { if :: where == ASKED -> where = CARRIED :: else -> skip fi }
inline trulyCarry(where) { if :: where == ASKED -> where = CARRIED :: else -> skip fi }
inline trulyKeep(where)  { if :: where == CARRIED -> where = DURABLE :: else -> skip fi }
inline keep(where)  { if :: where == CARRIED -> where = DURABLE :: else -> skip fi }

inline acknowledgeCommit() {
  A.committed = A.commits; A.committing = false; A.commits = NONE; A.commitApplied = false;
  keep(A.asks); keep(A.gate);
  if :: wait != noWait && waitOf == me -> keep(waitFor) :: else -> skip fi
}

/* The manager drops its copy with an answer: nothing may rely on it from then on. */
inline deletedByAnswer() {
  if
  :: A.handler == answering && A.deletion == byAnswer && A.desired == NONE && A.committed == NONE && QUIET && A.issued <= A.since ->
     A.bound = NONE
  :: else -> skip
  fi;
  if
  :: A.abandoned > 0 && A.committed == NONE && !A.committing ->
     if
     :: A.acked <= A.abandoned -> A.bound = NONE; if :: A.issued <= A.abandoned -> A.owed = true :: else -> skip fi
     :: else -> skip
     fi;
     A.abandoned = 0
  :: else -> skip
  fi
}

/* The state around the alarm has changed: a commit is due though the alarm stay. */
inline touch(unconfirmed) {
  A.touched = true; A.asks = ASKED;
  if :: !unconfirmed -> A.gate = ASKED :: else -> skip fi
}

inline want(time, unconfirmed) {
  A.desired = time;
  touch(unconfirmed);
  A.again = BEGUN(time);
  if
  :: A.again -> A.stale = A.issued
  :: !A.again && time == A.bound -> A.stale = FENCE_BEFORE(A.setBy)
  :: !A.again && time != A.bound && A.writing && A.writes == time -> A.stale = FENCE_BEFORE(A.issued)
  :: else -> A.stale = A.issued
  fi;
  deletedByAnswer()
}

inline changed(unconfirmed) { A.truly = ASKED; if :: !unconfirmed -> A.trulyGated = ASKED :: else -> skip fi }

inline intend(time, unconfirmed) {
  if :: A.deletion == deferred -> A.deletion = keeps :: else -> skip fi;   /* an intent of its handler's decides */
  if
  :: time != A.desired || BEGUN(time) -> want(time, unconfirmed)
  :: else ->
     if :: A.begun > A.stale -> A.stale = A.begun :: else -> skip fi;
     if :: !unconfirmed -> A.gate = A.asks :: else -> skip fi
  fi;
  if
  :: time != A.wanted -> changed(unconfirmed)
  :: else -> if :: !unconfirmed -> A.trulyGated = A.truly :: else -> skip fi
  fi;
  A.wanted = time; A.consumes = false;
  if :: CURRENT -> ranBefore = ran :: else -> skip fi;
  newestStands()
}

inline renew() { A.owed = true; A.resting = false }

/* The alarm is broken, or its process has died: all that waits gets an error. */
inline break_() {
  A.alive = false;
  if :: A.writing && !A.writeApplied -> lose(false, A.same, A.writes, A.issued, NONE) :: else -> skip fi;
  A.writing = false; A.resting = false; A.handler = noRun; A.deletion = keeps;
  if :: wait != noWait && waitOf == me -> endWait() :: else -> skip fi;
  if :: lease == answered && leaseTo == me -> lose(true, false, leaseTime, leaseFence, leaseKept) :: else -> skip fi;
  if :: lease != noLease && leaseTo == me -> noLeaseAnyMore() :: else -> skip fi;
  if :: A.orphan -> A.orphan = false; orphanTime = NONE; orphanFence = 0 :: else -> skip fi
}
inline endWait() { wait = noWait; waitFor = DURABLE; waitTruly = DURABLE; waitOf = 0 }
inline noLeaseAnyMore() { lease = noLease; leaseTime = NONE; leaseFence = 0; leaseBy = 0; leaseKept = NONE; leaseSince = 0; leaseTo = 0 }

inline open(reconciled) {
  epoch = epoch + 1;
  A.alive = true; A.epoch = epoch;
  A.committing = false; A.commits = NONE; A.commitApplied = false;
  A.desired = store; A.committed = store; A.bound = store; A.wanted = store;
  A.touched = false; A.again = false; A.resting = false; A.writes = NONE; A.writeApplied = false; A.precommit = false; A.same = false;
  A.issued = BASE; A.acked = BASE; A.setBy = BASE; A.stale = 0; A.since = 0; A.abandoned = 0; A.consumes = false;
  A.begun = (store <= clock -> BASE : 0);                /* what is due may have been delivered before */
  A.asks = DURABLE; A.gate = DURABLE; A.truly = DURABLE; A.trulyGated = DURABLE;
  mayBeEarly = mayBeEarly || !RECONCILE;
  A.owed = reconciled;                                   /* the manager may have lost what it acknowledged */
  ranBefore = 0
}

/* ---- deliveries */

#define SINCE(f) (f < BASE -> BASE : (f < A.issued -> f : A.issued))

inline runHandler(time, deletes) {
  assert(time <= clock);                                 /* never early */
  assert(A.handler == noRun);                                /* one at a time */
  lease = taken; A.handler = running; A.deletion = (deletes -> deferred : keeps); A.since = leaseSince;
  A.consumes = (time == A.wanted && deletes);
  assert(!CURRENT || !A.consumes || leaseBy > ranBefore || time != leaseTime);   /* what was asked again has a delivery of its own */
  if :: leaseBy > ran -> ran = leaseBy :: else -> skip fi;
  if
  :: (time == leaseTime -> A.since : A.issued) > A.begun -> A.begun = (time == leaseTime -> A.since : A.issued)
  :: else -> skip
  fi
}

inline arm() {
  leaseSince = SINCE(leaseFence);
  if
  :: A.desired == leaseTime -> runHandler(leaseTime, leaseSince > A.stale)
  :: A.desired != leaseTime && !CLEAN -> runHandler(leaseTime, false)    /* the pending intent stands */
  :: A.desired != leaseTime && CLEAN && A.desired <= clock && A.desired != NONE ->
     assert(!CURRENT || store == A.wanted);
     runHandler(A.desired, true)                         /* a little late beats very late */
  :: else ->
     assert(!CURRENT || A.wanted > clock || A.wanted == NONE);
     assert(!CURRENT || store == A.wanted);
     lease = putRight; leaseSince = A.issued; renew()
  fi
}

/* "Done", or that an alarm is given up: only of what was delivered. */
inline removeHeld(time, fence, kept) {
  if
  :: fence == heldFence && time == heldTime ->
     if :: kept != time -> heldBy = heldFence + 1 :: else -> skip fi;
     heldTime = kept; heldFailed = false
  :: else -> skip
  fi
}

inline endRun() { A.handler = noRun; A.deletion = keeps; A.since = 0; A.consumes = false }

/* The answer of the running delivery goes to the manager; that of an orphan finds nobody. */
inline answer() {
  assert(QUIET && !EARLIER && !COMMIT);
  assert(A.acked == A.issued);
  if
  :: A.orphan -> lose(true, false, orphanTime, orphanFence, NONE); mayBeEarly = true; A.orphan = false; orphanTime = NONE; orphanFence = 0
  :: else -> lease = answered; leaseKept = NONE
  fi;
  endRun()
}
inline failRun() {
  if
  :: A.orphan -> A.orphan = false; orphanTime = NONE; orphanFence = 0
  :: else -> noLeaseAnyMore()
  fi;
  endRun()
}

/* ---- the manager takes in a write, unless its fence is below */

inline reach(time, fence, again_) {
  if
  :: fence >= heldFence ->
     if
     :: time == heldTime && (again_ || fence == heldFence) -> skip
     :: else -> heldBy = fence; heldFailed = false
     fi;
     heldTime = time; heldFence = fence
  :: else -> skip
  fi
}
inline lose(isDone, same_, time, fence, kept) {
  if
  :: late > 0 && !stray -> stray = true; strayDone = isDone; straySame = same_; strayTime = time; strayFence = fence; strayKept = kept
  :: true -> skip
  fi
}
inline forgetStray() { stray = false; strayDone = false; straySame = false; strayTime = NONE; strayFence = 0; strayKept = NONE }

/* ================================================================ the parties */

/* What an incarnation of the actor does by itself. */
active [OWNERS] proctype actor() {
end: do
  /* 1. Earlier first: while a write is in flight it is held. */
  :: atomic { A.alive && EARLIER && WRITER_FREE -> issueWrite(A.desired, true); neverLater() }
  /* 2. Then commit: what is asked meanwhile shares the next one. */
  :: atomic { A.alive && COMMIT && STORE_FREE -> issueCommit(); neverLater() }
  /* 3. Later last: nothing waits for it, so it waits for everything. */
  :: atomic { A.alive && LATER && QUIET -> issueWrite(A.committed, false); neverLater() }

  /* A delivery's turn has come. */
  :: atomic { A.alive && ARMS -> arm(); newestStands() }

  /* The answer. Where an alarm stands there must be a newer write; where none does, the answer is the deletion. */
  :: atomic { A.alive && ANSWERS ->
       if
       :: A.acked != A.issued -> failRun()
       :: A.acked == A.issued && A.committed != NONE && A.acked <= A.since -> renew()
       :: else -> answer()
       fi }
  /* Woken too early, the manager has the right time by now; or that write is given up. */
  :: atomic { A.alive && PUT_RIGHT -> lease = answered; leaseKept = NONE }
  :: atomic { A.alive && NOT_PUT -> noLeaseAnyMore() }

  /* "None" is an answer only when the deletion is durable. */
  :: atomic { A.alive && IS_GONE -> lease = answered }

  /* What waits is let go. */
  :: atomic { A.alive && LETS_GO -> assert(waitTruly == DURABLE); endWait() }
  od
}

/* What an actor is called for: what it has called comes back, its handler ends, the manager asks. */
active [OWNERS] proctype called() {
end: do
  /* Calls come back. A bound of a precommit moves only now. */
  :: atomic { AT_REST && A.alive && A.writing && A.writeApplied -> acknowledgeWrite(); deletedByAnswer(); neverLater() }
  :: atomic { AT_REST && A.alive && A.committing && A.commitApplied -> acknowledgeCommit(); deletedByAnswer(); neverLater() }
  /* The manager refuses a fence below its own, the store an epoch: another incarnation owns this actor. */
  :: atomic { AT_REST && A.alive && A.writing && !A.writeApplied && A.issued < heldFence -> assert(!CURRENT); A.writing = false; break_() }
  :: atomic { AT_REST && A.alive && A.committing && !A.commitApplied && !CURRENT -> A.committing = false; break_() }

  /* Opened again, from what the store holds, with a higher epoch. */
  :: atomic { AT_REST && !A.alive && (OWNERS == 1 || epoch == 0 || CURRENT) -> open(RECONCILE); neverLater() }
  /* The handler succeeds: the deferred deletion is committed. */
  :: atomic { AT_REST && A.alive && A.handler == running ->
       A.handler = answering;
       if :: A.consumes -> A.wanted = NONE; A.consumes = false; changed(true) :: else -> skip fi;
       if :: A.deletion == deferred -> A.deletion = byAnswer; want(NONE, true) :: else -> skip fi;
       newestStands() }
  /* It fails: no deletion, the alarm stays. */
  :: atomic { AT_REST && A.alive && A.handler == running && failures > 0 -> failures--; failRun(); newestStands() }
  /* It fails, and no retry is left. */
  :: atomic { AT_REST && A.alive && A.handler == running && !A.orphan && giveups > 0 -> giveups--; endRun(); lease = exhausted; newestStands() }

  /* A failed later write is tried again, with what is committed then. */
  :: atomic { AT_REST && A.alive && A.resting -> A.resting = false; A.owed = true }

  /* Asked what stands in place of an alarm that is given up: refused while anything is asked or in flight. */
  :: atomic { AT_REST && A.alive && lease == exhausted && leaseTo == me && !(SETTLED) -> noLeaseAnyMore() }
  :: atomic { AT_REST && A.alive && lease == exhausted && leaseTo == me && (SETTLED) ->
       if
       :: A.desired == leaseTime && SINCE(leaseFence) > A.stale ->
          assert(!CURRENT || A.wanted != leaseTime || leaseBy > ranBefore);
          if :: A.wanted == leaseTime -> A.wanted = NONE; changed(false) :: else -> skip fi;
          A.abandoned = A.issued; A.desired = NONE; touch(false); A.again = false;
          issueCommit();                                 /* before anything else can be asked */
          lease = asked; leaseKept = NONE; mayBeEarly = true
       :: !(A.desired == leaseTime && SINCE(leaseFence) > A.stale) && leaseFence > A.issued ->
          renew(); noLeaseAnyMore()                      /* another incarnation has written it: a write shows which of the two owns the actor */
       :: else ->
          lease = asked; leaseKept = A.committed; mayBeEarly = true;
          if :: A.committed != leaseTime -> A.setBy = BASE; A.stale = 0; A.begun = 0 :: else -> skip fi;
          if :: A.bound != A.committed -> A.bound = A.committed; A.owed = true :: else -> skip fi
       fi;
       newestStands(); neverLater() }
  od
}

/* The store applies a commit of its owner. */
active [OWNERS] proctype durable() {
end: do
  :: atomic { AT_REST && A.committing && !A.commitApplied && CURRENT ->
       store = A.commits; A.commitApplied = true;
       trulyKeep(A.truly); trulyKeep(A.trulyGated);
       if :: wait != noWait && waitOf == me -> trulyKeep(waitTruly) :: else -> skip fi;
       neverLater() }
  od
}

/* The manager: its own copy of the alarm, and a lease for each delivery. */
active [OWNERS] proctype manager() {
end: do
  :: atomic { AT_REST && A.writing && !A.writeApplied && A.issued >= heldFence -> reach(A.writes, A.issued, A.same); A.writeApplied = true; neverLater() }
  /* At least once, never before its time. */
  :: atomic { AT_REST && lease == noLease && heldTime <= clock && heldTime != NONE && !heldFailed && A.alive ->
       lease = waiting; leaseTime = heldTime; leaseFence = heldFence; leaseBy = heldBy; leaseTo = me; mayBeEarly = false }
  :: atomic { AT_REST && lease == answered && leaseTo == me -> removeHeld(leaseTime, leaseFence, leaseKept); noLeaseAnyMore(); neverLater() }
  /* Nothing abandons it: kept as failed, listed, and tried again when an operator says so. */
  :: atomic { AT_REST && lease == exhausted && leaseTo == me ->
       if :: heldTime == leaseTime && heldBy == leaseBy -> heldFailed = true :: else -> skip fi;
       noLeaseAnyMore(); neverLater() }
  od
}

/* What nothing has promised: intents, time, trouble. It may end at any moment, and nothing of it has to happen. */
active [OWNERS] proctype world() {
  byte time;
end: do
  :: atomic { AT_REST && intents > 0 && A.alive -> intents--; select(time : 1 .. TIMES); intend(time, false) }
  :: atomic { AT_REST && intents > 0 && A.alive -> intents--; intend(NONE, false) }
#if EXTRAS > 0
  :: atomic { AT_REST && extras > 0 && A.alive -> extras--; select(time : 1 .. TIMES); intend(time, true) }
  :: atomic { AT_REST && extras > 0 && A.alive -> extras--; touch(false); changed(false) }
  :: atomic { AT_REST && extras > 0 && A.alive -> extras--; touch(true); changed(true) }
#endif
  :: atomic { AT_REST && waiters > 0 && A.alive && wait == noWait -> waiters--; waitOf = me;
       if
       :: wait = atGate; waitFor = A.gate; waitTruly = A.trulyGated
       :: wait = forConfirmed; waitFor = A.asks; waitTruly = A.truly
       :: wait = forDrained; waitFor = A.asks; waitTruly = A.truly
       fi }
  :: atomic { AT_REST && clock < TIMES -> clock++ }

  /* A call fails, applied or not. A precommit or a commit breaks the alarm; a later write is tried again, or given up. */
  :: atomic { AT_REST && failures > 0 && A.alive && A.writing && A.precommit -> failures--; break_(); assert(!A.alive) }
  :: atomic { AT_REST && failures > 0 && A.alive && A.writing && !A.precommit -> failures--;
       if :: !A.writeApplied -> lose(false, A.same, A.writes, A.issued, NONE) :: else -> skip fi;
       A.writing = false; A.writes = NONE; A.writeApplied = false; A.same = false;
       if
       :: EARLIER -> skip
       :: !EARLIER -> A.resting = true
       :: !EARLIER -> mayBeEarly = true
       fi;
       deletedByAnswer() }
  :: atomic { AT_REST && failures > 0 && A.alive && A.committing -> failures--; break_() }

  /* A lease runs out, noticed or not; "done" is lost on its way. */
  :: atomic { AT_REST && failures > 0 && lease == taken && leaseTo == me -> failures--;
       if
       :: if :: A.desired == NONE -> mayBeEarly = true :: else -> skip fi; noLeaseAnyMore(); endRun()
       :: !A.orphan -> A.orphan = true; orphanTime = leaseTime; orphanFence = leaseFence; noLeaseAnyMore()
       fi }
  :: atomic { AT_REST && failures > 0 && (lease == putRight || lease == asked || (lease == waiting && A.handler == noRun)) -> failures--; mayBeEarly = true; noLeaseAnyMore() }
  :: atomic { AT_REST && failures > 0 && lease == answered -> failures--; mayBeEarly = true;
       lose(true, false, leaseTime, leaseFence, leaseKept); noLeaseAnyMore() }

  /* What was given up by its client lands, over whatever is there. */
  :: atomic { AT_REST && stray ->
       if :: late > 0 -> late--; if :: strayDone -> removeHeld(strayTime, strayFence, strayKept) :: else -> reach(strayTime, strayFence, straySame) fi
       :: true -> skip
       fi;
       forgetStray(); neverLater() }

  :: atomic { AT_REST && crashes > 0 && A.alive -> crashes--; break_() }
  :: atomic { AT_REST && heldFailed && giveups > 0 -> giveups--; heldFailed = false }
#if OWNERS > 1
  /* A process opens the actor while another one, that lives on, owns it. */
  :: atomic { AT_REST && crashes > 0 && epoch > 0 && !A.alive && !CURRENT -> crashes--; open(RECONCILE); neverLater() }
#endif
#ifdef ENDS
  :: break
#endif
  od
}

/* ---- arriving: where no party but the world can do anything, all agrees, all that was due was delivered, and nothing waits */

#define NOT_DUE    (heldTime > clock || heldTime == NONE || heldFailed)
#define RESTS(i)   (actors[i].epoch != epoch || (actors[i].alive && !actors[i].writing && !actors[i].committing && !actors[i].resting && actors[i].handler == noRun && !actors[i].orphan))
#define STILL(i)   (!actors[i].alive || !(actors[i].again || actors[i].desired < actors[i].bound || actors[i].desired != actors[i].committed || actors[i].touched || actors[i].bound < actors[i].committed || actors[i].owed))
#define AGREES(i)  (actors[i].epoch != epoch || (actors[i].desired == store && actors[i].wanted == store && actors[i].committed == store))
#if OWNERS > 1
#define QUIET_ALL  (RESTS(0) && RESTS(1) && STILL(0) && STILL(1) && lease == noLease && NOT_DUE && epoch > 0)
#define AGREE_ALL  (AGREES(0) && AGREES(1))
#else
#define QUIET_ALL  (RESTS(0) && STILL(0) && lease == noLease && NOT_DUE && epoch > 0)
#define AGREE_ALL  AGREES(0)
#endif
#define IN_STEP    (AGREE_ALL && (heldTime == store || ((mayBeEarly || heldFailed) && heldTime < store)) && (wait == noWait))

active proctype onlooker() {
end: do
  :: atomic { QUIET_ALL && (wait == noWait || waitFor != DURABLE) && !IN_STEP -> assert(false) }
  od
}

#ifdef ENDS
/* Once the world has stopped, they agree for ever after, whatever was due was delivered, and all that waited was answered. */
ltl arrives { <>[] (QUIET_ALL && IN_STEP) }
#endif
