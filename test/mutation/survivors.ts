/** A change of the sources that no test notices, because it changes nothing that anybody can notice. */
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

const unheard =
  'tell() and tellNow() look themselves: asked before only so that a story that nobody hears is never made'
const onlyMemory = 'decides when memory is given back, and nothing else'
const anyName = 'only compared with the other names, so any other will do'
const afterFailure =
  'is only otherwise once the alarm has failed, and then there is nothing left that it could change'
const guaranteed = 'the rules let one write go at a time, and what to write is worked out when it is written'
const askedAgain = 'the same is asked again before anything comes of it'

const guards: readonly (readonly [file: string, line: string])[] = [
  ['src/actor/commit.ts', "if (keeper.telemetry !== null) keeper.tell({ kind: 'commit-issued', time })"],
  ['src/actor/commit.ts', 'if (keeper.telemetry !== null) {'],
  [
    'src/actor/delivery.ts',
    "if (keeper.telemetry !== null) keeper.tell({ kind: 'delivery-arrived', ...delivered })",
  ],
  [
    'src/actor/delivery.ts',
    "if (keeper.telemetry !== null) keeper.tellNow({ kind: 'delivery-failed', ...delivered, error })",
  ],
  ['src/actor/delivery.ts', 'if (keeper.telemetry !== null)'],
  [
    'src/actor/delivery.ts',
    "if (keeper.telemetry !== null) keeper.tellNow({ kind: 'delivery-done', ...delivered })",
  ],
  [
    'src/actor/delivery.ts',
    "if (keeper.telemetry !== null) keeper.tellNow({ kind: 'delivery-rescheduled', ...delivered, time })",
  ],
  ['src/actor/keeper.ts', 'if (this.telemetry !== null) this.tellIntent(time, unconfirmed)'],
  ['src/actor/keeper.ts', "if (this.telemetry !== null) this.tell({ kind: 'touched', unconfirmed })"],
  ['src/actor/keeper.ts', "if (this.telemetry !== null) this.tell({ kind: 'held', time: this.desired })"],
  ['src/actor/keeper.ts', 'if (this.telemetry !== null) {'],
  ['src/actor/writer.ts', 'if (keeper.telemetry !== null) {'],
  ['src/actor/writer.ts', "if (keeper.telemetry !== null) keeper.tell({ kind: 'write-issued', ...write })"],
  [
    'src/actor/writer.ts',
    "if (keeper.telemetry !== null) keeper.tell({ kind: 'write-given-up', ...write, error: reason })",
  ],
  [
    'src/actor/writer.ts',
    "if (keeper.telemetry !== null) keeper.tell({ kind: 'write-retried', ...write, delay })",
  ],
  [
    'src/actor/keeper.ts',
    'if (this.telemetry !== null && replaced !== time && !work.committing && replaced !== this.committed) {',
  ],
]

export const survivors: readonly Survivor[] = [
  ...guards.map(([file, line]) => ({ file, line, becomes: ['true'], why: unheard })),
  {
    file: 'src/actor/delivery.ts',
    line: 'if (keeper.telemetry === null || committed === null || !isClean(keeper, keeper.flight)) return',
    becomes: ['false'],
    why: unheard,
  },

  // ---- names
  {
    file: 'src/operators/latest-when.ts',
    line: "return holdUntil(ready$, 'newest')",
    becomes: ['""'],
    why: anyName,
  },
  {
    file: 'src/actor/delivery.ts',
    line: "const own: Run = { deletion: arming.deletes ? 'deferred' : 'none', since }",
    becomes: ['""'],
    why: anyName,
  },
  {
    file: 'src/actor/keeper.ts',
    line: "if (this.work?.run?.deletion === 'deferred') this.work.run.deletion = 'none'",
    becomes: ['""'],
    why: anyName,
  },

  // ---- memory
  {
    file: 'src/actor/output-gate.ts',
    line: 'if (left > held.length / 2) {',
    why: onlyMemory,
  },
  {
    file: 'src/actor/waiting.ts',
    line: 'else if (waiting !== null && waits < waiting.length / 2) {',
    why: onlyMemory,
  },
  {
    file: 'src/actor/commit.ts',
    line: 'else if (work.committing) work.commit = commit',
    becomes: ['true'],
    why: 'a call that has ended is kept until the next one: to unsubscribe from it does nothing',
  },

  // ---- what can no longer matter
  {
    file: 'src/actor/commit.ts',
    line: 'if (keeper.work !== work) return',
    becomes: ['false'],
    why: afterFailure,
  },
  {
    file: 'src/actor/delivery.ts',
    line: 'if (keeper.work?.run !== own) return',
    becomes: ['false', 'keeper.work.run'],
    why: afterFailure,
  },
  {
    file: 'src/actor/delivery.ts',
    line: 'takeUntil(keeper.when(() => false)), // a broken alarm fails its delivery',
    becomes: ['() => undefined'],
    why: 'neither is ever true',
  },
  {
    file: 'src/actor/delivery.ts',
    line: "const cause = keeper.work?.lastError ?? new Error('its last write was given up, or is still in flight')",
    becomes: ['keeper.work.lastError'],
    why: 'who asks is at work',
  },
  {
    file: 'src/actor/output-gate.ts',
    line: 'inputs.unsubscribe()',
    below: 'const complete = (): void => {',
    becomes: [';'],
    why: 'the source has ended, and nobody waits where nothing is held',
  },
  {
    file: 'src/actor/output-gate.ts',
    line: 'if (held.length === 0) keeper = current()',
    becomes: ['true'],
    why: 'an actor with a value at its gate is kept, so it is the same one',
  },
  {
    file: 'src/actor/keeper.ts',
    line: 'if (this.failure !== null) throw this.failure',
    below: 'intend(time: AlarmTime, unconfirmed = false): void {',
    becomes: ['false'],
    why: askedAgain,
  },
  {
    file: 'src/actor/keeper.ts',
    line: 'if (this.failure !== null) throw this.failure',
    below: 'const unconfirmed = options?.allowUnconfirmed === true',
    becomes: ['false'],
    why: askedAgain,
  },
  {
    file: 'src/actor/keeper.ts',
    line: 'if (this.failure !== null) return',
    below: 'renew(): void {',
    becomes: ['false'],
    why: 'nobody asks it of an alarm that has failed',
  },
  {
    file: 'src/actor/keeper.ts',
    line: 'while (work.unsettled && this.work === work) {',
    becomes: ['true'],
    why: `${askedAgain}, in the loop`,
  },

  // ---- the pipe says what the rules guarantee: what has no turn writes nothing, and the rules ask again until they are satisfied
  ...(
    [
      ['src/actor/keeper.ts', 'else if (work.writer !== null) work.writer.take(step)', 'false'],
      ['src/actor/keeper.ts', "this.writer(work).ask('precommit')", '""'],
      [
        'src/actor/keeper.ts',
        "if (work.behind && work.writing) this.writer(work).ask('later')",
        'false',
        '""',
      ],
      ['src/actor/writer.ts', 'let atGate = false', 'true'],
      ['src/actor/writer.ts', '} else if (!atGate) {', 'true'],
      ['src/actor/writer.ts', 'atGate = true', 'false'],
      ['src/actor/writer.ts', "if (step === 'precommit') atGate = false", 'true'],
      ['src/actor/writer.ts', 'turn$.next(false)', 'true'],
    ] as const
  ).map(([file, line, ...becomes]) => ({ file, line, becomes, why: guaranteed })),
  {
    file: 'src/actor/writer.ts',
    line: "const time = step === 'precommit' ? keeper.desired : keeper.committed",
    becomes: ['true'],
    why: 'a later move is made only when both are the same',
  },

  // ---- asked twice
  {
    file: 'src/actor/keeper.ts',
    line: 'if (this.failure !== null) return',
    below: 'want(time: AlarmTime, unconfirmed: boolean): void {',
    becomes: ['false'],
    why: 'who breaks the alarm stops its deliveries, and intend() and touch() look before',
  },
  {
    file: 'src/actor/keeper.ts',
    line: 'if (this.failure !== null) return',
    below: 'fail(error: unknown): void {',
    becomes: ['false'],
    why: 'who calls it looks before',
  },
  {
    file: 'src/actor/keeper.ts',
    line: 'if (this.failure === null) this.fail(closedError(this.key))',
    becomes: ['true'],
    why: 'fail() looks too',
  },
  {
    file: 'src/actor/keeper.ts',
    line: 'if (work === null) return',
    below: 'const work = this.work',
    becomes: ['false'],
    why: 'who calls it is at work',
  },
  {
    file: 'src/actor/keeper.ts',
    line: 'if (this.work !== work) break',
    becomes: ['false'],
    why: afterFailure,
  },
  {
    file: 'src/actor/keeper.ts',
    line: 'if (work.heldAt !== null) this.release(work)',
    becomes: ['true'],
    why: 'release() looks too',
  },
  {
    file: 'src/actor/keeper.ts',
    line: 'if (this.telemetry === null) return',
    below: 'work.stirred = false',
    becomes: ['false'],
    why: unheard,
  },
  ...['this.telemetry?.note({ at: this.now(), key: this.key, ...story })', 'this.telemetry?.flush()'].map(
    (line) => ({
      file: 'src/actor/keeper.ts',
      line,
      becomes: ['this.telemetry.note', 'this.telemetry.flush'],
      why: 'who calls it has looked',
    }),
  ),
  {
    file: 'src/actor/keeper.ts',
    line: 'if (this.work !== work || work.settling || !isDrained(this, work)) return',
    becomes: ['false', 'this.work !== work && work.settling'],
    why: 'work is dropped only when nobody waits for it, so nobody is left who could drop it once more, or too early',
  },
  {
    file: 'src/actor/keeper.ts',
    line: 'if (work.run === null && work.waiting === null) this.work = null',
    becomes: ['true', 'work.run === null || work.waiting === null'],
    why: 'while a handler runs its delivery waits too, and whoever waits of a drained alarm has been told',
  },
  {
    file: 'src/actor/open-alarm.ts',
    line: 'return this.when(() => asked <= covered || asked <= (this.work?.covered ?? asked))',
    becomes: ['false', 'asked < covered', 'this.work.covered'],
    why: 'the one says at the first look what the other says later: while somebody waits the work stays',
  },
  {
    file: 'src/actor/waiting.ts',
    line: 'keeper.drop(work)',
    becomes: [';'],
    why: onlyMemory,
  },
  {
    file: 'src/actor/waiting.ts',
    line: 'return true',
    becomes: ['false'],
    why: 'who was told has left: it is put among those who wait and taken out at once',
  },
  {
    file: 'src/actor/work.ts',
    line: 'unsettled = false',
    becomes: ['true'],
    why: 'settle() sets it before it looks',
  },
  {
    file: 'src/actor/writer.ts',
    line: 'else if (work.writing) work.write = write',
    becomes: ['true'],
    why: 'a call that has ended is kept until the next one: to unsubscribe from it does nothing',
  },

  // ---- what only spares work
  {
    file: 'src/actor/keeper.ts',
    line: 'const mustHold = work.heldAt === null && this.isHeld(work)',
    becomes: ['true', 'work.heldAt === null || this.isHeld(work)'],
    why: 'the rules are asked once more and say nothing new',
  },
  {
    file: 'src/actor/keeper.ts',
    line: 'if (nextStep(this, work) !== null || mustHold || isConfirmed(this, work)) this.settle()',
    becomes: ['true'],
    why: 'the rules are asked once more and say nothing new',
  },
]
