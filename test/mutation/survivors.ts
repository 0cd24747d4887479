/** A change of the sources that no test notices, because it changes nothing that can be noticed. */
export interface Survivor {
  readonly file: string
  /** the line on which it begins, without its indentation */
  readonly line: string
  /** the line above it, where there are several like it */
  readonly below?: string
  /** what the changed piece becomes, as the report prints it; without it, whatever it becomes */
  readonly becomes?: readonly string[]
  readonly why: string
}

const unobserved = 'tell() looks too: it is asked before so that an event without a subscriber is never made'
const leavesAtOnce =
  'what does not wait has the context of the moment anyway: only the cost of taking it is spared'
const anyName = 'is only compared with the other names, so that any other will do'
const askedAgain = 'the same is asked again before anything comes of it'
const sparesALook = 'only spares a look at the rules, which have nothing new to say'
const hasWork = 'what comes here has work'
const looksToo = 'what it calls looks too'
const afterFailure =
  'is otherwise only once the alarm has failed, and then there is nothing left that it could change'

/** An event is made only for a subscriber. */
const events: readonly (readonly [file: string, ...lines: readonly string[]])[] = [
  [
    'commits',
    "if (alarm.telemetry !== null) alarm.tell({ kind: 'commit-issued', time })",
    'if (alarm.telemetry !== null) {',
  ],
  [
    'intents',
    "if (alarm.telemetry !== null) alarm.tell({ kind: 'touched', unconfirmed })",
    'if (alarm.telemetry !== null && replaced !== time && alarm.isStoreFree && replaced !== alarm.committed) {',
  ],
  [
    'waits',
    "if (alarm.telemetry !== null) alarm.tell({ kind: 'held', time: alarm.desired })",
    'if (alarm.telemetry !== null)',
  ],
  [
    'writes',
    "if (alarm.telemetry !== null) alarm.tell({ kind: 'write-issued', ...write })",
    'if (alarm.telemetry !== null) {',
    "if (alarm.telemetry !== null) alarm.tell({ kind: 'write-given-up', ...write, error })",
    "if (alarm.telemetry !== null) alarm.tell({ kind: 'write-retried', ...write, delay })",
    "if (alarm.telemetry !== null) alarm.tell({ kind: 'epoch-raised', held, epoch, fence })",
    "if (alarm.telemetry !== null) alarm.tell({ kind: 'epoch-added', epoch })",
  ],
]

export const survivors: readonly Survivor[] = [
  ...events.flatMap(([name, ...lines]) =>
    lines.map((line) => ({ file: `src/actor/record/${name}.ts`, line, becomes: ['true'], why: unobserved })),
  ),
  ...[
    "if (keeper.telemetry !== null) keeper.tell({ kind: 'delivery-arrived', ...delivered })",
    "if (keeper.telemetry !== null) keeper.tell({ kind: 'delivery-run', ...delivered, time, deletes })",
  ].map((line) => ({ file: 'src/actor/delivery/deliver.ts', line, becomes: ['true'], why: unobserved })),
  ...(
    [
      ['src/actor/record/commits.ts', 'if (alarm.telemetry === null) return'],
      ['src/actor/record/intents.ts', 'if (alarm.telemetry === null) return'],
      ['src/actor/record/record.ts', 'if (this.telemetry === null) return'],
      ['src/actor/record/writes.ts', 'if (alarm.telemetry === null) return'],
      [
        'src/actor/delivery/deliver.ts',
        'if (keeper.telemetry === null || committed === null || !keeper.isClean) return',
      ],
    ] as const
  ).map(([file, line]) => ({ file, line, becomes: ['false'], why: unobserved })),

  // ---- names
  {
    file: 'src/actor/record/intents.ts',
    line: "if (run?.deletion === 'deferred') run.deletion = 'none'",
    becomes: ['""'],
    why: anyName,
  },
  {
    file: 'src/actor/delivery/deliver.ts',
    line: "deletion: Run['deletion'] = 'none'",
    becomes: ['""'],
    why: anyName,
  },
  {
    file: 'src/actor/delivery/deliver.ts',
    line: "this.deletion = deletes ? 'deferred' : 'none'",
    becomes: ['""'],
    why: anyName,
  },

  // ---- which write a delivery is of
  {
    file: 'src/actor/record/intents.ts',
    line: 'return work?.writing === true && work.carries === time ? issued - 1 : issued',
    becomes: ['true'],
    why: 'no delivery of that time has the fence of a write that carries another one',
  },
  {
    file: 'src/actor/delivery/abandon.ts',
    line: 'return fence !== undefined && sinceOf(keeper, { fence }) <= keeper.stale',
    becomes: ['true'],
    why: 'without a fence it is as new as the last write, and that one is not stale where all is settled',
  },
  {
    file: 'src/actor/delivery/abandon.ts',
    line: 'return fence !== undefined && sequenceOf(fenceEpoch, fence) > issued',
    becomes: ['true'],
    why: 'the sequence of no fence is above none',
  },

  // ---- what there is
  ...(
    [
      ['src/actor/record/intents.ts', 'if (work?.again === true) return issued', 'work.again'],
      [
        'src/actor/record/intents.ts',
        'return work?.writing === true && work.carries === time ? issued - 1 : issued',
        'work.writing',
      ],
      ['src/actor/record/writes.ts', 'if (work === null) return', 'false'],
      ['src/actor/delivery/abandon.ts', 'const why = keeper.work?.run', 'keeper.work.run'],
      [
        'src/actor/delivery/deliver.ts',
        "const cause = keeper.work?.lastError ?? new Error('its last write was given up, or is still in flight')",
        'keeper.work.lastError',
      ],
    ] as const
  ).map(([file, line, becomes]) => ({ file, line, becomes: [becomes], why: hasWork })),
  {
    file: 'src/actor/record/intents.ts',
    line: 'if (unconfirmed || alarm.work === null) return false',
    becomes: ['true'],
    why: 'the rules are not asked where there is no work',
  },

  // ---- asked twice
  {
    file: 'src/actor/delivery/abandon.ts',
    line: 'keeper.settle()',
    becomes: [';'],
    why: 'a write is owed only where a later move waits for its turn already',
  },
  {
    file: 'src/actor/delivery/deliver.ts',
    line: '} else if (!this.isOver) {',
    becomes: ['true'],
    why: 'what calls it looks before, and a condition that is asked ends no delivery',
  },
  {
    file: 'src/actor/delivery/deliver.ts',
    line: 'if (this.isHandled) this.attempt(this.handled)',
    becomes: ['true'],
    why: looksToo,
  },
  {
    file: 'src/actor/delivery/deliver.ts',
    line: 'if (this.isOver) return',
    below: 'fail(error: unknown): void {',
    becomes: ['false'],
    why: 'what is over is unsubscribed, and has left its line: nothing fails it',
  },
  {
    file: 'src/actor/delivery/deliver.ts',
    line: 'if (this.isOver) return',
    below: 'unsubscribe(): void {',
    becomes: ['false'],
    why: 'RxJS calls it once',
  },
  ...['private isStarted = false', 'if (this.isStarted) {'].map((line) => ({
    file: 'src/actor/delivery/deliver.ts',
    line,
    becomes: ['true'],
    why: 'what has not begun is not the run that ends, and a look at the rules has nothing new to say',
  })),
  {
    file: 'src/actor/delivery/deliver.ts',
    line: 'const isNever: Condition<Keeper> = () => false',
    becomes: ['() => undefined'],
    why: 'neither is ever true',
  },
  {
    file: 'src/actor/record/record.ts',
    line: 'work.settling = true',
    becomes: ['false'],
    why: 'what comes in between finds its step waiting, and the pipe asks the record when its turn comes',
  },
  {
    file: 'src/actor/record/record.ts',
    line: 'if (this.work !== work || work.settling || !this.isDrained) return',
    becomes: ['false', 'this.work !== work && work.settling'],
    why: 'work is dropped only when nothing waits for it, so that nothing is left that could drop it once more, or too early',
  },
  {
    file: 'src/actor/record/record.ts',
    line: 'if (this.failure === null) this.fail(closedError(this.key))',
    becomes: ['true'],
    why: looksToo,
  },
  {
    file: 'src/actor/record/record.ts',
    line: 'if (this.failure !== null) return',
    below: 'fail(error: unknown): void {',
    becomes: ['false'],
    why: 'what calls it looks before',
  },
  {
    file: 'src/actor/record/waits.ts',
    line: "if (step !== 'earlier' || work.heldAt !== null) return",
    becomes: ['false'],
    why: 'a step that waits is not held once more',
  },
  {
    file: 'src/actor/record/waits.ts',
    line: "if (step !== 'earlier' || heldAt === null) return",
    becomes: ['false'],
    why: 'an earlier move that waits has been held since some moment',
  },
  {
    file: 'src/actor/output-gate.ts',
    line: 'if (waiting || keeper === null) return',
    becomes: ['false'],
    why: 'without a keeper the gate is open, and nothing waits',
  },
  {
    file: 'src/actor/waiting.ts',
    line: 'work.lines = { condition, first: null, last: null, isPassed: false, next: work.lines }',
    becomes: ['true'],
    why: 'what makes a line was looked at just now, and each look begins with all lines',
  },
  {
    file: 'src/actor/waiting.ts',
    line: 'if (next === null || line.first.number < next.first!.number) next = line',
    becomes: ['line.first.number <= next.first!.number'],
    why: 'no two places have the same number',
  },
  {
    file: 'src/actor/waiting.ts',
    line: 'for (const place of all) if (!place.hasLeft) goOn(place, () => place.waiter.fail(error))',
    becomes: ['true'],
    why: 'what has left has ended, and takes no other end',
  },
  {
    file: 'src/actor/waiting.ts',
    line: 'const none = (): null => null',
    becomes: ['() => undefined'],
    why: 'reactions of a promise have the context of their own: only the cost of taking another is spared',
  },
  {
    file: 'src/actor/work.ts',
    line: 'unsettled = false',
    becomes: ['true'],
    why: 'settle() sets it before it looks',
  },
  {
    file: 'src/actor/work.ts',
    line: 'isPrecommit = false',
    becomes: ['true'],
    why: 'each write sets it, and it is read while one is in flight',
  },
  {
    file: 'src/actor/work.ts',
    line: 'export const withoutStep = (waits: number, step: Step): number => waits & ~bit[step]',
    becomes: ['() => undefined'],
    why: 'a step that waits, and is taken for one that does not, is put into the pipe again',
  },

  // ---- what only spares work
  {
    file: 'src/actor/work.ts',
    line: 'export const bothWait = ({ waits }: Work): boolean => (waits & both) === both',
    becomes: ['false', '() => undefined'],
    why: sparesALook,
  },
  ...(
    [
      ['if (bothWait(work)) return', 'false'],
      [
        'if (due !== null && !isWaiting(work, due)) this.settle()',
        'true',
        'due !== null || !isWaiting(work, due)',
      ],
      ["if (work.heldAt !== null && this.due !== 'earlier') stepReleased(this, 'earlier', work)", 'true'],
      ["if (work.settling) this.start('commit', work)", 'true'],
    ] as const
  ).map(([line, ...becomes]) => ({ file: 'src/actor/keeper.ts', line, becomes, why: sparesALook })),
  {
    file: 'src/actor/pipe.ts',
    line: 'if (signal$.value !== now) signal$.next(now)',
    becomes: ['true'],
    why: 'what waits for a signal takes the same one once more for nothing new',
  },

  // ---- the keeper looks, and what it calls, or what called it, looks too
  ...(
    [
      [
        'if (this.failure !== null) throw throwing(this.failure)',
        'intend(time: AlarmTime, unconfirmed = false): void {',
      ],
      ['if (this.failure !== null) return', 'want(time: AlarmTime, unconfirmed: boolean): void {'],
      ['if (this.failure !== null) return', 'renew(): void {'],
      [
        'if (this.work !== work || work.unsettled || due === null || isWaiting(work, due)) return',
        'const { due } = this',
      ],
    ] as const
  ).map(([line, below]) => ({
    file: 'src/actor/keeper.ts',
    line,
    below,
    becomes: ['false'],
    why: askedAgain,
  })),
  {
    file: 'src/actor/keeper.ts',
    line: 'while (work.unsettled && this.work === work) {',
    becomes: ['true'],
    why: afterFailure,
  },
  {
    file: 'src/actor/keeper.ts',
    line: 'if (this.work !== work || work.unsettled) continue',
    becomes: ['false', 'this.work !== work && work.unsettled'],
    why: `${askedAgain}, in the loop`,
  },
  {
    file: 'src/actor/keeper.ts',
    line: 'if (isWaiting(work, step)) {',
    becomes: ['true'],
    why: 'a turn comes once for each time that a step was put into the pipe',
  },
  {
    file: 'src/actor/facts.ts',
    line: 'return step === null || this.isUnderWay(step) ? null : step',
    becomes: ['false'],
    why: 'what is not due is not under way, and is no step either',
  },
  {
    file: 'src/actor/facts.ts',
    line: "if (work === null || step === 'later') return false",
    becomes: ['false'],
    why: 'without work nothing is due, and no precommit carries what a later move would write',
  },

  // ---- names of options, of which only the names count
  ...[
    "const retryNames: Names<NonNullable<SharedConfig['retry']>> = { count: true, delay: true }",
    'commit: true,',
    'write: true,',
    'raise: true,',
    'reconcile: true,',
    'retry: true,',
    'timeout: true,',
    'scheduler: true,',
    'const alarmNames: Names<AlarmConfig> = { ...sharedNames, key: true, initial: true, epoch: true }',
  ].map((line) => ({
    file: 'src/actor/config.ts',
    line,
    becomes: ['false'],
    why: 'what stands beside a name is not read',
  })),

  // ---- values of the user's
  ...['src/vocabulary/given.ts', 'src/vocabulary/time.ts'].map((file) => ({
    file,
    line: '} catch {',
    becomes: ['{}'],
    why: 'what is not returned is as good as false, or as no number',
  })),
  {
    file: 'src/vocabulary/intent.ts',
    line: "if (time === null || intent.kind === 'touch' || (intent.kind === 'set' && intent.time === time))",
    becomes: ['true'],
    why: 'no other intent has a time',
  },

  // ---- the operators; those of asynchronous contexts and of what is reported are tested with files, which are not open here
  {
    file: 'src/operators/hold-until.ts',
    line: 'mark: () => null,',
    becomes: ['() => undefined'],
    why: 'a mark is handed back to its latch, and this one does not read it',
  },
  {
    file: 'src/operators/hold.ts',
    line: 'const leavesNow = !releasing && latch.isOpen(mark)',
    becomes: ['false'],
    why: leavesAtOnce,
  },
  ...(['let running = false', 'running = false'] as const).map((line) => ({
    file: 'src/operators/conflate-map.ts',
    line,
    becomes: ['true'],
    why: leavesAtOnce,
  })),
  {
    file: 'src/operators/latest-when.ts',
    line: "return holdUntil(ready$, 'newest')",
    becomes: ['""'],
    why: anyName,
  },
  {
    file: 'src/operators/from-user.ts',
    line: 'if (user.isOver === true) return',
    becomes: ['false'],
    why: 'promises and what RxJS subscribes to end once',
  },
  {
    file: 'src/operators/from-user.ts',
    line: 'user.isOver = true',
    below: 'if (user.isOver === true) return',
    becomes: ['false'],
    why: 'after a failure nothing asks whether it is over',
  },
  {
    file: 'src/operators/from-user.ts',
    line: '} catch {',
    becomes: ['{}'],
    why: 'what is not returned is as good as false',
  },
]
