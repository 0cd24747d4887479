import type { Patch } from '../explore/patch-engine.ts'

/** One rule of the protocol, and the patches of the engine's sources that take it out. */
export type RuleTakenOut = readonly [rule: string, ...patches: Patch[]]

const inFile =
  (file: string) =>
  (find: string, put: string): Patch => ({ file, find, put })
const rules = inFile('actor/rules.ts')
const keeper = inFile('actor/keeper.ts')
const writer = inFile('actor/writer.ts')
const commit = inFile('actor/commit.ts')
const delivery = inFile('actor/delivery.ts')
const gate = inFile('actor/output-gate.ts')
const handle = inFile('actor/open-alarm.ts')
const fence = inFile('vocabulary/fence.ts')
const config = inFile('actor/config.ts')

const impatient = rules(
  "return flight.writing ? null : 'precommit'",
  "return flight.writing && flight.carries === alarm.desired ? null : 'precommit'",
)
const canWait = 'if (flight.committing || flight.writing || flight.resting) return null'
const later = "const time = step === 'precommit' ? keeper.desired : keeper.committed\n"
const since = 'Math.min(sequenceOf(fenceEpoch, fence), issued)'

/** In the order of the protocol. Each must make a diagram fail, or else nothing shows that the rule is kept. */
export const rulesTakenOut: readonly RuleTakenOut[] = [
  // earlier first
  [
    'an earlier move is written before its commit',
    rules("if (isEarlier(alarm, flight)) return flight.writing ? null : 'precommit'", ''),
  ],
  [
    'and acknowledged before its commit is issued',
    writer('    work.behind = false\n  }\n', '    work.behind = false\n  } else keeper.bound = time\n'),
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
    impatient,
    writer('concatMap((write$) => write$)', 'mergeMap((write$) => write$)'),
    writer('  concatMap,\n', '  mergeMap,\n'),
  ],
  [
    'a write that was started is never unsubscribed from',
    impatient,
    writer('concatMap((write$) => write$)', 'switchMap((write$) => write$)'),
    writer('  concatMap,\n', '  switchMap,\n'),
    writer('  const write = writeNow(', '  work.write?.unsubscribe()\n  const write = writeNow('),
  ],
  ['what is held is told', keeper("this.tell({ kind: 'held', time: this.desired })", '{}')],
  [
    'a move that is taken back while it is held is not written',
    keeper('if (work.heldAt !== null) this.release(work)\n', ''),
  ],
  [
    'the precommit of the next commit may run during a commit',
    rules(
      "return flight.writing ? null : 'precommit'",
      "return flight.writing || flight.committing ? null : 'precommit'",
    ),
  ],

  // then commit
  [
    'one commit at a time',
    rules(
      "return flight.committing ? null : 'commit'",
      "return flight.committing && flight.promised === alarm.desired ? null : 'commit'",
    ),
    commit('work.committing = true', 'work.committing = true\n  work.promised = time'),
  ],
  [
    'intents that come during a commit share the next one',
    keeper(
      'this.desired = time\n',
      'if (work.committing) {\n      const again = this.when(() => !work.committing).subscribe(() => this.want(time, unconfirmed))\n      if (!again.closed) return\n    }\n    this.desired = time\n',
    ),
  ],
  [
    'an intent that is superseded before its commit is told',
    keeper("this.tell({ kind: 'superseded', before: 'commit', time: replaced, by: time })", '{}'),
  ],
  [
    'the same value again is no move',
    keeper('    if (time !== this.desired || this.isBegun(time)) {\n', '    if (true) {\n'),
  ],

  // later last
  [
    'a later move is written at all',
    rules("return isBefore(alarm.bound, alarm.committed) || flight.owed ? 'later' : null", 'return null'),
  ],
  [
    'but only after its commit',
    rules(
      '  // 2. Then commit',
      "  if (isBefore(alarm.bound, alarm.desired) && !flight.writing && !flight.resting) return 'later'\n  // 2. Then commit",
    ),
    writer(later, 'const time = keeper.desired\n'),
  ],
  ['and while no commit is in flight', rules(canWait, 'if (flight.writing || flight.resting) return null')],
  [
    'the bound becomes its time when it is issued',
    writer('    keeper.bound = time\n    work.behind = false\n', '    work.behind = false\n'),
    writer(
      "    if (step === 'precommit') {\n      keeper.bound = time\n",
      "    keeper.bound = time\n    if (step === 'precommit') {\n",
    ),
  ],
  [
    'nobody waits for it: confirmed does not',
    handle(
      'return this.when(() => asked <= covered || asked <= (this.work?.covered ?? asked))',
      'return this.drained()',
    ),
  ],
  [
    'nobody waits for it: the output gate does not',
    gate('needs <= (keeper?.work?.covered ?? needs)', 'keeper!.isDrained'),
  ],
  ['drained waits for it', handle('awaitable(this.when(() => this.isDrained))', 'this.confirmed()')],
  [
    'nothing is drained while a write is in flight or rests',
    rules('!flight.writing && !flight.resting && nextStep', 'nextStep'),
  ],
  [
    'nothing is parked as a value (workerd #7330)',
    commit(
      'keeper.committed = time\n',
      'keeper.committed = time\n      if (work.writing && isBefore(keeper.bound, time)) {\n        work.parked = time\n        work.owed = true\n      }\n',
    ),
    writer(
      later,
      'const time = step === "precommit" ? keeper.desired : (work.parked ?? keeper.committed)\n  work.parked = undefined\n',
    ),
  ],
  ['a later move that is superseded is told', commit('if (isSuperseded)', 'if (false)')],

  // synchronous when it can be
  [
    'what completes synchronously goes on synchronously',
    commit('      keeper.settle()\n', '      queueMicrotask(() => keeper.settle())\n'),
  ],
  [
    'an error raised synchronously is thrown by the intent',
    keeper(
      '    if (this.failure !== null) throw throwing(this.failure)\n  }\n\n  tellIntent',
      '  }\n\n  tellIntent',
    ),
  ],

  // failure
  [
    'a precommit that fails breaks the alarm',
    writer('keeper.fail(precommitError(keeper.key, printTime(time), error))', '{}'),
  ],
  [
    'a commit that fails breaks the alarm',
    commit(
      'keeper.fail(commitError(key, printTime(time), cause))',
      'work.committing = false\n      keeper.committed = time\n      work.covered = covers\n      keeper.settle()',
    ),
  ],
  [
    'a later write that fails does not',
    writer("else if (step === 'precommit') keeper.fail", 'else if (true) keeper.fail'),
  ],
  [
    'not even one that throws',
    inFile('operators/from-user.ts')('    else failed(error)\n', '    else throw error\n'),
  ],
  [
    'a later write that fails is tried again',
    writer('work.owed = true\n    keeper.settle()', 'keeper.settle()'),
  ],
  ['4 times by default: not less', config('config.retry?.count ?? 4', 'config.retry?.count ?? 3')],
  ['4 times by default: not more', config('config.retry?.count ?? 4', 'config.retry?.count ?? 5')],
  ['with back-off', config('1000 * 2 ** (attempt - 1)', '1000')],
  [
    'nothing else is written while it rests',
    rules(canWait, 'if (flight.committing || flight.writing) return null'),
  ],
  [
    'with the newest committed time each time',
    writer(
      'work.owed = true\n    keeper.settle()',
      'work.owed = true\n    work.parked = write.time\n    keeper.settle()',
    ),
    writer(
      later,
      "const time = step === 'precommit' ? keeper.desired : (work.parked ?? keeper.committed)\n  work.parked = undefined\n",
    ),
  ],
  [
    'a retry ends as soon as an earlier move is written',
    writer('keeper.stopResting() // it says all that a failed later move wanted to say', ''),
  ],
  ['nor does it begin where one already waits', writer('if (isEarlier(keeper, work)) return\n', '')],
  ['given up, it is told', writer("keeper.tell({ kind: 'write-given-up', ...write, error: reason })", '{}')],
  [
    'given up, it is no error',
    writer(
      "if (keeper.telemetry !== null) keeper.tell({ kind: 'write-given-up'",
      "keeper.fail(error)\n    if (keeper.telemetry !== null) keeper.tell({ kind: 'write-given-up'",
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
    gate('            error: fail,\n', '            error: noop,\n'),
  ],
  [
    'everyone who waits is told the error: confirmed and drained',
    inFile('actor/waiting.ts')(
      'tell(waiter, () => waiter.subscriber.error(error))',
      'tell(waiter, () => waiter.subscriber.complete())',
    ),
  ],
  ['everyone who waits is told the error: a delivery', delivery('takeUntil(keeper.when(() => false)),', '')],

  // fence and epoch
  [
    'each write carries a fence above all before it',
    writer('fenceOf(keeper.fenceEpoch, keeper.issued + 1,', 'fenceOf(keeper.fenceEpoch, 1,'),
  ],
  ['over restarts too: built from the epoch', fence('epoch * SEQUENCES + sequence', 'sequence')],
  ['a write that is fenced breaks the alarm', writer('if (fenced) keeper.fail(error)\n    else if', 'if')],
  [
    'a later write that is fenced, too',
    writer('if (fenced) keeper.fail(error)', "if (fenced && step === 'precommit') keeper.fail(error)"),
  ],

  // opening
  ['opened, the stored alarm is written', keeper('if (this.config.reconcile !== false) this.renew()', '')],
  [
    'and not where nobody wants it',
    keeper('if (this.config.reconcile !== false) this.renew()', 'this.renew()'),
  ],
  [
    'what is owed is written even if the bound says it is there',
    rules(" || flight.owed ? 'later'", " ? 'later'"),
  ],

  // arming
  [
    'woken at its time, the handler runs and the alarm is deleted',
    delivery('deletes: !isStale }', 'deletes: false }'),
  ],
  [
    'woken early, but due by now: it runs',
    delivery('if (desired !== null && desired <= now) return { run: desired, deletes: true }', ''),
  ],
  [
    'and is told its own time',
    delivery('return { run: desired, deletes: true }', 'return { run: scheduledTime, deletes: true }'),
  ],
  [
    'woken too early, it does not run',
    delivery('return { reschedule: desired }', 'return { run: scheduledTime, deletes: true }'),
  ],
  [
    'with an intent under way, it runs',
    delivery('if (!isClean(alarm, flight)) return { run: scheduledTime, deletes: false }', ''),
  ],
  [
    'and defers no deletion',
    delivery('return { run: scheduledTime, deletes: false }', 'return { run: scheduledTime, deletes: true }'),
  ],
  [
    'clean counts a commit in flight',
    rules('if (flight.committing && flight.commits !== alarm.committed) return false', ''),
  ],
  [
    'rescheduled waits for its write',
    delivery(
      '.when(() => keeper.acked > before || keeper.isDrained || keeper.flight.resting)',
      '.when(() => true)',
    ),
    delivery('if (keeper.acked <= before) throw undelivered(keeper)', ''),
  ],
  ['and fails if that write fails', delivery('if (keeper.acked <= before) throw undelivered(keeper)', '')],
  [
    'a failure that is not the handler’s is not counted (S94)',
    inFile('vocabulary/errors.ts')('if (options?.counted === false) this.counted = false', ''),
  ],
  [
    'one handler at a time',
    delivery('.when(() => keeper.work === null || keeper.work.run === null)', '.when(() => true)'),
  ],
  ['the next one when it has ended', delivery('if (keeper.work?.run === own) keeper.work.run = null\n', '')],
  [
    'woken later than the store: it is told',
    delivery("keeper.tell({ kind: 'violation', manager: scheduledTime, committed })", '{}'),
  ],

  // the handler
  ['while it runs the alarm reads null', handle("this.work?.run?.deletion === 'deferred' ? null :", '')],
  ['its success deletes the alarm', delivery("if (own.deletion === 'deferred') {", 'if (false) {')],
  [
    'and nothing before that',
    delivery(
      'keeper.work.run = own\n',
      "keeper.work.run = own\n  if (arming.deletes) {\n    own.deletion = 'answer'\n    keeper.want(null, true)\n  }\n",
    ),
  ],
  [
    'its failure does not',
    delivery(
      '      end()\n      keeper.settle()\n',
      "      end()\n      if (own.deletion === 'deferred') keeper.want(null, true)\n      keeper.settle()\n",
    ),
  ],
  [
    'its failure is reported',
    delivery('=> fromUser(', '=> swallow('),
    delivery(
      'interface Delivered {',
      'const swallow: typeof fromUser = (name, call) => fromUser(name, call).pipe(onErrorResumeNextWith())\n\ninterface Delivered {',
    ),
    delivery('  concatMap,\n', '  concatMap,\n  onErrorResumeNextWith,\n'),
  ],
  [
    'the bound stays what it was',
    delivery('keeper.work.run = own\n', 'keeper.work.run = own\n  keeper.bound = null\n'),
  ],
  [
    'set or delete cancels the deletion',
    keeper("if (this.work?.run?.deletion === 'deferred') this.work.run.deletion = 'none'", ''),
  ],
  [
    'a set of the same time, too',
    keeper(
      "if (this.work?.run?.deletion === 'deferred')",
      "if (this.work?.run?.deletion === 'deferred' && time !== this.desired)",
    ),
  ],
  [
    'a touch does not',
    keeper(
      '    this.want(this.desired, unconfirmed, true)\n',
      "    if (this.work?.run) this.work.run.deletion = 'none'\n    this.want(this.desired, unconfirmed, true)\n",
    ),
  ],

  // the answer
  ['done is answered only when drained', delivery('.when(() => keeper.isDrained)', '.when(() => true)')],
  [
    'not when all is committed only',
    delivery(
      '.when(() => keeper.isDrained)\n    .pipe(\n      concatMap(',
      '.when(() => isClean(keeper, keeper.flight))\n    .pipe(\n      concatMap(',
    ),
    delivery('if (keeper.acked !== keeper.issued) throw undelivered(keeper)', 'return of(undefined)'),
  ],
  [
    'a write that was given up fails the delivery',
    delivery('if (keeper.acked !== keeper.issued) throw undelivered(keeper)', ''),
  ],
  [
    'a newer write has a fence above the delivered one, not the same',
    delivery('keeper.acked > since', 'keeper.acked >= since'),
  ],
  [
    'delivered before its acknowledgement, it is not newer',
    delivery('sinceOf(keeper, wakeup)', 'keeper.acked'),
  ],
  ['nor one before our epoch, however old the delivery', delivery(`Math.max(0, ${since})`, since)],
  [
    'delivered without a fence, a newer one was issued since',
    delivery('fence === undefined ? issued', 'fence === undefined ? 0'),
  ],
  [
    'no alarm and no newer write: the answer is the deletion',
    keeper('if (this.isAnsweredByDeletion(work)) this.bound = null', ''),
  ],
  ['no alarm but a newer write: it is not', keeper('this.issued <= run.since', 'true')],

  // the same time again
  [
    'the same time again, once its delivery has begun, is another alarm',
    keeper('if (time !== this.desired || this.isBegun(time)) {', 'if (time !== this.desired) {'),
  ],
  [
    'the manager has it before the store',
    rules('return again || isBefore(desired, bound)', 'return isBefore(desired, bound)'),
  ],
  ['what is due when it is opened may have been delivered', keeper('this.bound <= this.now()', 'false')],

  // abandon
  [
    'abandon deletes the alarm',
    delivery('    keeper.deleteNow(keeper.work)\n    return null\n', '    return null\n'),
  ],
  ['only the very one', delivery('if (keeper.desired === time && ', 'if (keeper.desired !== null && ')],
  ['and only if it is settled', delivery('if (!isSettled(keeper)) throw unsettled(keeper, time)\n', '')],
  ['nor while a handler runs', delivery(' && (work === null || work.run === null)', '')],
  ['whatever is set once it is deleted needs a precommit', keeper('        this.bound = null\n', '')],
  [
    'where a newer alarm is kept, its answer counts as a move',
    delivery('if (keeper.bound !== kept) {', 'if (false) {'),
  ],
  [
    'and the manager is told of the deletion',
    keeper('        work.owed ||= this.issued <= work.abandoned\n', ''),
  ],

  // output gate
  ['a confirmed intent closes the gate', keeper('if (!unconfirmed) work.gated = work.asked', '')],
  [
    'an unconfirmed one does not',
    keeper('if (!unconfirmed) work.gated = work.asked', 'work.gated = work.asked'),
  ],
  [
    'one that is confirmed after all does, with the same value',
    keeper('      this.work.gated = this.work.asked\n', ''),
  ],
  [
    'it opens when the commit is acknowledged, not when it is issued',
    commit('work.committing = true\n', 'work.committing = true\n  work.covered = covers\n'),
  ],
  [
    'not when the manager has the alarm',
    writer(
      '      keeper.setBy = sequence\n',
      '      keeper.setBy = sequence\n      work.covered = work.asked\n',
    ),
  ],
  ['a commit covers what was asked before it', commit('work.covered = covers', 'work.covered = work.asked')],
  [
    'a value waits for its own commit only',
    gate(
      'needs <= (keeper?.work?.covered ?? needs)',
      '(keeper?.work?.gated ?? needs) <= (keeper?.work?.covered ?? needs)',
    ),
  ],

  // touch
  ['a touch is committed', keeper('    this.want(this.desired, unconfirmed, true)\n', '')],
  [
    'what was put back before its commit was issued is committed all the same',
    keeper('work.touched = true\n    work.asked++', 'work.touched ||= time === replaced\n    work.asked++'),
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
    commit('work.committing = false\n', 'work.committing = false\n      work.touched = false\n'),
  ],
]
