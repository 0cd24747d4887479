import type { Patch } from '../explore/patch-engine.ts'

/** One rule of the protocol, and the patches of the engine's sources that take it out. */
export type RuleTakenOut = readonly [rule: string, ...patches: Patch[]]

const inFile =
  (file: string) =>
  (find: string, put: string): Patch => ({ file, find, put })
const rules = inFile('actor/rules.ts')
const keeper = inFile('actor/keeper.ts')
const pipe = inFile('actor/pipe.ts')
const write = inFile('actor/calls.ts')
const commit = inFile('actor/calls.ts')
const facts = inFile('actor/facts.ts')
const record = inFile('actor/record/record.ts')
const intents = inFile('actor/record/intents.ts')
const waits = inFile('actor/record/waits.ts')
const writes = inFile('actor/record/writes.ts')
const commits = inFile('actor/record/commits.ts')
const deliveries = inFile('actor/record/deliveries.ts')
const wakeup = inFile('actor/delivery/wakeup.ts')
const arming = inFile('actor/delivery/arming.ts')
const deliver = inFile('actor/delivery/deliver.ts')
const waiting = inFile('actor/waiting.ts')
const abandon = inFile('actor/delivery/abandon.ts')
const gate = inFile('actor/output-gate.ts')
const handle = inFile('actor/open-alarm.ts')
const fence = inFile('vocabulary/fence.ts')
const config = inFile('actor/config.ts')

const freeFor = "step === 'earlier' ? this.isWriterFree : this.isStoreFree"
/** An earlier move does not wait for the write in flight. */
const impatient = [
  facts(freeFor, "step === 'earlier' || this.isStoreFree"),
  pipe('due.earlier.pipe(latestWhen(writerFree$))', 'due.earlier'),
]
/** What a later move waits for, in place of all that is in flight. */
const laterWhen = (is: (traffic: string) => string): readonly Patch[] => [
  facts("if (step === 'later') return this.isQuiet", `if (step === 'later') return ${is('this')}`),
  pipe('new BehaviorSubject(traffic.isQuiet)', `new BehaviorSubject(${is('(traffic as any)')})`),
  pipe('give(quiet$, traffic.isQuiet)', `give(quiet$, ${is('(traffic as any)')})`),
]
const carried = 'const time = isPrecommit ? alarm.desired : alarm.committed\n'
const parked =
  'const time = isPrecommit ? alarm.desired : (work.parked ?? alarm.committed)\n  work.parked = undefined\n'
const since = 'Math.min(sequenceOf(fenceEpoch, fence), issued)'

/** In the order of the protocol. Each must make a diagram fail, or else nothing shows that the rule is kept. */
export const rulesTakenOut: readonly RuleTakenOut[] = [
  // earlier first
  [
    'an earlier move is written before its commit',
    rules("if (isEarlier(alarm, asked)) return 'earlier'", ''),
  ],
  [
    'and acknowledged before its commit is issued',
    writes(
      '    work.behind = false\n  }\n',
      '    work.behind = false\n  } else {\n    alarm.bound = time\n    work.unsettled = true\n  }\n',
    ),
  ],
  [
    'what is earlier is judged by the bound, not by what is committed',
    rules(
      'return again || isBefore(desired, bound)',
      'return again || isBefore(desired, (arguments[0] as AlarmState).committed)',
    ),
  ],
  [
    'an earlier move is held while a later write is in flight',
    ...impatient,
    pipe('later$).pipe(concatMap(', 'later$).pipe(mergeMap('),
    pipe('concatMap, first', 'concatMap, mergeMap, first'),
  ],
  [
    'a write that was started is never unsubscribed from',
    ...impatient,
    pipe('later$).pipe(concatMap(', 'later$).pipe(switchMap('),
    write("  return runUser('write', ", "  work.write?.unsubscribe()\n  return runUser('write', "),
  ],
  ['what is held is told', waits("alarm.tell({ kind: 'held', time: alarm.desired })", '{}')],
  [
    'what is held no more is told',
    waits("alarm.tell({ kind: 'released', time: alarm.desired, heldFor: alarm.now() - heldAt })", '{}'),
  ],
  [
    'and at once where it is taken back',
    keeper(
      "    if (work.heldAt !== null && this.due !== 'earlier') stepReleased(this, 'earlier', work)\n",
      '',
    ),
  ],
  [
    'a move that is taken back while it is held is not written',
    keeper('if (isWaiting(work, step)) {', "if (isWaiting(work, step) || step === 'earlier') {"),
    keeper(
      'if (!work.unsettled && this.due === step) return',
      "if (this.due === step || step === 'earlier') return",
    ),
  ],
  [
    'the precommit of the next commit may run during a commit',
    facts(freeFor, `(${freeFor}) && this.isStoreFree`),
    pipe(
      'new BehaviorSubject(traffic.isWriterFree)',
      'new BehaviorSubject(traffic.isWriterFree && traffic.isStoreFree)',
    ),
    pipe(
      'give(writerFree$, traffic.isWriterFree)',
      'give(writerFree$, traffic.isWriterFree && traffic.isStoreFree)',
    ),
  ],

  // then commit
  [
    'one commit at a time',
    facts(freeFor, "step === 'commit' || this.isWriterFree"),
    pipe('due.commit.pipe(latestWhen(storeFree$))', 'due.commit'),
    pipe('commit$.pipe(concatMap(', 'commit$.pipe(mergeMap('),
    pipe('concatMap, first', 'concatMap, mergeMap, first'),
  ],
  [
    'intents that come during a commit share the next one',
    keeper(
      '    this.proceed(alarmAsked(this, time, unconfirmed))\n',
      '    if (!this.isStoreFree) {\n      const again = this.when(() => this.isStoreFree).subscribe(() => this.want(time, unconfirmed))\n      if (!again.closed) return\n    }\n    this.proceed(alarmAsked(this, time, unconfirmed))\n',
    ),
  ],
  [
    'an intent that is superseded before its commit is told',
    intents("alarm.tell({ kind: 'superseded', before: 'commit', time: replaced, by: time })", '{}'),
  ],
  [
    'the same value again is no move',
    keeper('if (time !== this.desired || this.isBegun(time)) this.want', 'if (true) this.want'),
  ],

  // later last
  [
    'a later move is written at all',
    rules("return isBefore(alarm.bound, alarm.committed) || asked.owed ? 'later' : null", 'return null'),
  ],
  [
    'but only after its commit',
    rules(
      '  // 2. Then commit',
      "  if (isBefore(alarm.bound, alarm.desired)) return 'later'\n  // 2. Then commit",
    ),
    writes(carried, 'const time = alarm.desired\n'),
  ],
  [
    'and while no commit is in flight',
    ...laterWhen((traffic) => `(${traffic}.isWriterFree && !${traffic}.isResting)`),
  ],
  [
    'the bound becomes its time when it is issued',
    writes('    alarm.bound = time\n', ''),
    writes(
      '  if (work.isPrecommit) {\n    alarm.bound = write.time\n',
      '  alarm.bound = write.time\n  if (work.isPrecommit) {\n',
    ),
  ],
  ['nobody waits for it: confirmed does not', handle('this.when(isDurable, asked)', 'this.when(isDrained)')],
  [
    'nobody waits for it: the output gate does not',
    gate('import { isDurable, isOpen }', 'import { isDrained as isDurable, isDrained as isOpen }'),
  ],
  ['drained waits for it', handle('this.when(isDrained)', 'this.confirmed()')],
  [
    'nothing is drained while a write is in flight or rests',
    facts('(this.isQuiet && due(', '(this.isStoreFree && due('),
  ],
  [
    'nothing is parked as a value (workerd #7330)',
    commits(
      'alarm.committed = time\n',
      'alarm.committed = time\n  if (work.writing && isBefore(alarm.bound, time)) {\n    work.parked = time\n    work.owed = true\n  }\n',
    ),
    writes(carried, parked),
  ],
  ['a later move that is superseded is told', commits('if (isSuperseded)', 'if (false)')],
  [
    'quiet is read before the write goes: stale quiet',
    pipe(
      '      give(writerFree$, traffic.isWriterFree)\n',
      '      const { isQuiet } = traffic\n      give(writerFree$, traffic.isWriterFree)\n',
    ),
    pipe('give(quiet$, traffic.isQuiet)', 'give(quiet$, isQuiet)'),
  ],
  ['the pipe is removed: what has to wait is dropped', keeper('this.pipe(work).due(due)', '{}')],

  // synchronous when it can be
  [
    'what completes synchronously goes on synchronously',
    record(
      'work.settling = settling\n    this.settle()\n',
      'work.settling = settling\n    queueMicrotask(() => this.settle())\n',
    ),
  ],
  [
    'an error raised synchronously is thrown by the intent',
    keeper(
      '    if (this.failure !== null) throw throwing(this.failure)\n  }\n\n  /** The state around',
      '  }\n\n  /** The state around',
    ),
  ],

  // failure
  [
    'a precommit that fails breaks the alarm',
    write('alarm.fail(precommitError(alarm.key, printTime(write.time), error))', '{}'),
  ],
  [
    'a commit that fails breaks the alarm',
    commit(
      'alarm.fail(isFenced(cause) ? cause : commitError(alarm.key, printTime(commit.time), cause))',
      'if (isFenced(cause)) alarm.fail(cause)\n    else this.acknowledged()',
    ),
  ],
  [
    'a later write that fails does not',
    write("else if (this.step === 'earlier') alarm.fail", 'else if (true) alarm.fail'),
  ],
  [
    'not even one that throws',
    inFile('operators/from-user.ts')('    else failed(user, error)\n', '    else throw error\n'),
  ],
  [
    'a later write that fails is tried again',
    writes('work.owed = true\n    alarm.settle()', 'alarm.settle()'),
  ],
  ['4 times by default: not less', config('config.retry?.count ?? 4', 'config.retry?.count ?? 3')],
  ['4 times by default: not more', config('config.retry?.count ?? 4', 'config.retry?.count ?? 5')],
  ['with back-off', config('1000 * 2 ** (attempt - 1)', '1000')],
  [
    'nothing else is written while it rests',
    ...laterWhen((traffic) => `(${traffic}.isWriterFree && ${traffic}.isStoreFree)`),
  ],
  [
    'with the newest committed time each time',
    writes(
      'work.owed = true\n    alarm.settle()',
      'work.owed = true\n    work.parked = write.time\n    alarm.settle()',
    ),
    writes(carried, parked),
  ],
  [
    'a retry ends as soon as an earlier move is written',
    writes('if (isPrecommit) retryDropped(alarm) // it says all that a failed later move wanted to say', ''),
  ],
  ['nor does it begin where one already waits', write('if (isEarlier(alarm, work)) return\n', '')],
  ['given up, it is told', writes("alarm.tell({ kind: 'write-given-up', ...write, error })", '{}')],
  [
    'given up, it is no error',
    write(
      'writeGivenUp(alarm, write, work, reason)',
      'alarm.fail(error)\n    writeGivenUp(alarm, write, work, reason)',
    ),
  ],
  [
    'a broken alarm refuses what is asked',
    keeper(
      'unconfirmed = false): void {\n    if (this.failure !== null) throw throwing(this.failure)',
      'unconfirmed = false): void {\n    if (this.failure !== null) return',
    ),
  ],
  [
    'a broken alarm refuses to be touched',
    keeper(
      'options?.allowUnconfirmed === true\n    if (this.failure !== null) throw throwing(this.failure)',
      'options?.allowUnconfirmed === true\n    if (this.failure !== null) return',
    ),
  ],
  [
    'everyone who waits is told the error: the output gate',
    gate('          error: fail,\n', '            error: noop,\n'),
  ],
  [
    'everyone who waits is told the error: confirmed and drained',
    waiting('fail: (error) => subscriber.error(error)', 'fail: () => subscriber.complete()'),
  ],
  ['everyone who waits is told the error: a delivery', deliver('this.enter(isNever, 0)', '')],

  // fence and epoch
  [
    'each write carries a fence above all before it',
    writes('fenceOf(alarm.fenceEpoch, alarm.issued + 1,', 'fenceOf(alarm.fenceEpoch, 1,'),
  ],
  ['over restarts too: built from the epoch', fence('epoch * SEQUENCES + sequence', 'sequence')],
  ['a write that is fenced breaks the alarm', write('if (fenced) alarm.fail(error)\n    else if', 'if')],
  [
    'a later write that is fenced, too',
    write('if (fenced) alarm.fail(error)', "if (fenced && step === 'earlier') alarm.fail(error)"),
  ],

  // opening
  ['opened, the stored alarm is written', keeper('if (this.config.reconcile !== false) this.renew()', '')],
  [
    'and not where nobody wants it',
    keeper('if (this.config.reconcile !== false) this.renew()', 'this.renew()'),
  ],
  [
    'what is owed is written even if the bound says it is there',
    rules(" || asked.owed ? 'later'", " ? 'later'"),
  ],

  // arming
  [
    'woken at its time, the handler runs and the alarm is deleted',
    arming('deletes: !isStale }', 'deletes: false }'),
  ],
  [
    'woken early, but due by now: it runs',
    arming('if (desired !== null && desired <= now) return { run: desired, deletes: true }', ''),
  ],
  [
    'and is told its own time',
    arming('return { run: desired, deletes: true }', 'return { run: scheduledTime, deletes: true }'),
  ],
  [
    'woken too early, it does not run',
    arming('return { reschedule: desired }', 'return { run: scheduledTime, deletes: true }'),
  ],
  [
    'with an intent under way, it runs',
    arming('if (!isClean) return { run: scheduledTime, deletes: false }', ''),
  ],
  [
    'and defers no deletion',
    arming('return { run: scheduledTime, deletes: false }', 'return { run: scheduledTime, deletes: true }'),
  ],
  [
    'clean counts a commit in flight',
    facts('!(work?.committing === true && work.commits !== committed) && ', ''),
  ],
  [
    'rescheduled waits for its write',
    deliver('alarm.acked > before || alarm.isDrained || alarm.isResting', 'alarm.acked >= before'),
    deliver('if (keeper.acked <= this.since) throw undelivered(keeper)', ''),
  ],
  ['and fails if that write fails', deliver('if (keeper.acked <= this.since) throw undelivered(keeper)', '')],
  [
    'a failure that is not the handler’s is not counted (S94)',
    inFile('vocabulary/errors.ts')('if (options?.counted === false) this.counted = false', ''),
  ],
  ['one handler at a time', waiting('({ work }) => work === null || work.run === null', '() => true')],
  ['the next one when it has ended', deliveries('if (alarm.work?.run === run) alarm.work.run = null\n', '')],
  [
    'woken later than the store: it is told',
    deliver("keeper.tell({ kind: 'violation', manager: scheduledTime, committed })", '{}'),
  ],

  // the handler
  ['while it runs the alarm reads null', handle("this.work?.run?.deletion === 'deferred' ? null :", '')],
  ['its success deletes the alarm', deliver('if (handlerDone(this)) this.keeper.want(null, true)\n', '')],
  [
    'and nothing before that',
    deliver(
      'handlerStarted(keeper, this)\n',
      "handlerStarted(keeper, this)\n    if (deletes) {\n      this.deletion = 'answer'\n      keeper.want(null, true)\n    }\n",
    ),
  ],
  [
    'its failure does not',
    deliver(
      'handlerEnded(this.keeper, this)\n',
      "handlerEnded(this.keeper, this)\n        if (this.deletion === 'deferred') this.keeper.want(null, true)\n",
    ),
  ],
  [
    'its failure is reported',
    deliver(
      'error: (error) => (this.isHandled ?',
      'error: () => this.attempt(this.handled), fail: (error: unknown) => (this.isHandled ?',
    ),
  ],
  [
    'the bound stays what it was',
    deliver('handlerStarted(keeper, this)\n', 'handlerStarted(keeper, this)\n    keeper.bound = null\n'),
  ],
  [
    'set or delete cancels the deletion',
    intents("if (run?.deletion === 'deferred') run.deletion = 'none'", ''),
  ],
  [
    'a set of the same time, too',
    intents(
      "if (run?.deletion === 'deferred') run",
      "if (run?.deletion === 'deferred' && time !== alarm.desired) run",
    ),
  ],
  [
    'a touch does not',
    keeper(
      '    this.proceed(touched(this, unconfirmed))\n',
      "    if (this.work?.run) this.work.run.deletion = 'none'\n    this.proceed(touched(this, unconfirmed))\n",
    ),
  ],

  // the answer
  [
    'done is answered only when drained',
    deliver('want(null, true)\n    this.wait(isDrained,', 'want(null, true)\n    this.wait(() => true,'),
  ],
  [
    'not when all is committed only',
    deliver(
      'want(null, true)\n    this.wait(isDrained, 0, this.answer)',
      'want(null, true)\n    this.wait((alarm) => alarm.isClean, 0, this.done)',
    ),
  ],
  [
    'a write that was given up fails the delivery',
    deliver('if (keeper.acked !== keeper.issued) throw undelivered(keeper)', ''),
  ],
  [
    'a newer write has a fence above the delivered one, not the same',
    deliver('&& keeper.acked <= this.since', '&& keeper.acked < this.since'),
  ],
  [
    'delivered before its acknowledgement, it is not newer',
    deliver('sinceOf(keeper, wakeup)', 'keeper.acked'),
  ],
  ['nor one before our epoch, however old the delivery', wakeup(`Math.max(0, ${since})`, since)],
  [
    'delivered without a fence, a newer one was issued since',
    wakeup('fence === undefined ? issued', 'fence === undefined ? 0'),
  ],
  [
    'no alarm and no newer write: the answer is the deletion',
    deliveries(
      'if (work.run !== null && isAnsweredByDeletion(alarm, work.run, work)) alarm.bound = null',
      '',
    ),
  ],
  ['no alarm but a newer write: it is not', deliveries('alarm.issued <= run.since', 'true')],

  // the same time again
  [
    'the same time again, once its delivery has begun, is another alarm',
    keeper(
      'if (time !== this.desired || this.isBegun(time)) this.want',
      'if (time !== this.desired) this.want',
    ),
  ],
  [
    'the manager has it before the store',
    rules('return again || isBefore(desired, bound)', 'return isBefore(desired, bound)'),
  ],
  ['what is due when it is opened may have been delivered', facts('this.bound <= this.now()', 'false')],

  // abandon
  [
    'abandon deletes the alarm',
    abandon('    keeper.deleteNow(keeper.atWork())\n    return null\n', '    return null\n'),
  ],
  ['only the very one', abandon('if (keeper.desired === time && ', 'if (keeper.desired !== null && ')],
  ['and only if it is settled', abandon('if (!keeper.isSettled) throw unsettled(keeper, time)\n', '')],
  ['nor while a handler runs', facts(' && (this.work === null || this.work.run === null)', '')],
  ['whatever is set once it is deleted needs a precommit', deliveries('    alarm.bound = null\n', '')],
  [
    'where a newer alarm is kept, its answer counts as a move',
    deliveries('if (alarm.bound === kept) return\n', 'return\n'),
  ],
  [
    'and the manager is told of the deletion',
    deliveries('    work.owed ||= alarm.issued <= work.abandoned\n', ''),
  ],

  // output gate
  ['a confirmed intent closes the gate', intents('if (!unconfirmed) work.gated = work.asked', '')],
  [
    'an unconfirmed one does not',
    intents('if (!unconfirmed) work.gated = work.asked', 'work.gated = work.asked'),
  ],
  [
    'one that is confirmed after all does, with the same value',
    intents('  alarm.work.gated = alarm.work.asked\n', ''),
  ],
  [
    'it opens when the commit is acknowledged, not when it is issued',
    commits('work.committing = true\n', 'work.committing = true\n  work.covered = work.asked\n'),
  ],
  [
    'not when the manager has the alarm',
    writes('alarm.setBy = sequence\n', 'alarm.setBy = sequence\n    work.covered = work.asked\n'),
  ],
  ['a commit covers what was asked before it', commits('work.covered = covers', 'work.covered = work.asked')],
  [
    'a value waits for its own commit only',
    gate('isDurable(keeper, needs)', 'isDurable(keeper, keeper.work?.gated ?? 0)'),
    gate('when(isOpen, () => needs)', 'when((alarm) => isDurable(alarm, alarm.work?.gated ?? 0))'),
  ],

  // touch
  ['a touch is committed', keeper('    this.proceed(touched(this, unconfirmed))\n', '')],
  [
    'what was put back before its commit was issued is committed all the same',
    intents(
      '  const work = touched(alarm, unconfirmed)\n  work.again',
      '  const touched = alarm.work?.touched === true\n  const work = touched(alarm, unconfirmed)\n  work.touched = touched || time === replaced\n  work.again',
    ),
  ],
  [
    'it closes the gate',
    keeper('const unconfirmed = options?.allowUnconfirmed === true', 'const unconfirmed = true'),
  ],
  [
    'but not if it need not be confirmed',
    keeper('const unconfirmed = options?.allowUnconfirmed === true', 'const unconfirmed = false'),
  ],
  [
    'during a commit it needs the next one',
    commits('work.committing = false\n', 'work.committing = false\n  work.touched = false\n'),
  ],
]
