/**
 * The format of a scenario: plain text, one column a frame, one frame 1 ms unless `column` says otherwise.
 *
 * ```
 * title     an earlier move waits for the later one in flight
 * from      S38 "coalesced move-later followed by move-earlier does not race"
 * alarm     1
 *
 * ask       5---9---2-----------------    5, 9 and 2 are alarm times: seconds, far from the ruler's milliseconds
 * commit    5.|-9.|---------2.|-------    called with 5, pending, acknowledged
 * write     --5...........|-----------    9 is never sent, 2 waits for the write in flight
 *                         2.|
 * held      --------^.....!-----------
 *
 * # A row without a name goes on with the lane above it.
 * ```
 *
 * In one column, what the application does comes first, lane by lane from above; then answers and timers, the oldest first.
 *
 * | mark      | in `commit`, `write`, `handler`                                                        |
 * |-----------|----------------------------------------------------------------------------------------|
 * | `5` `x`   | called with the alarm 5; with no alarm                                                 |
 * | `.`       | pending                                                                                |
 * | `\|`      | applied, if it was not yet, and acknowledged; a handler succeeds                       |
 * | `#`       | the caller gets an error; nothing more is applied unless a `+` follows                 |
 * | `+`       | applied without a word to the caller: before `\|` or `#`, or alone, or later after `~` |
 * | `!`       | the caller unsubscribed, or its process died                                           |
 * | `~`       | nothing waits any more, but the request is still on its way                            |
 * | `/`       | refused by the fence                                                                   |
 * | `(5\|)`   | all in one column: called and acknowledged synchronously                               |
 * | `(5*)`    | the user's function throws                                                             |
 * | `1.(5\|)` | in `handler` only: it asks for 5 and returns                                           |
 */
export interface Scenario {
  readonly title: string
  /** the test or the rule that it comes from */
  readonly from?: string
  /** what the store holds at first, and the manager too unless `manager` says otherwise: a mark, `x` is none */
  readonly alarm: string
  readonly manager?: string
  /** alarm times that one digit cannot say, in seconds */
  readonly where?: Readonly<Record<string, number>>
  /** what the clock reads in the first column, in seconds; default 0 */
  readonly clock?: number
  /** what one column takes, ms; default 1 */
  readonly column?: number
  /** `none`: the manager delivers no fence */
  readonly fence?: 'none'
  /** rests between the retries of a later write, ms; none is `[]`; default the library's own */
  readonly retry?: readonly number[]
  /** after which a write or a commit is given up, ms; default never */
  readonly timeout?: number
  /** whether the stored alarm is written at opening; default not, so that nothing moves unless the diagram shows why */
  readonly reconcile?: true
  /** the code of the error that breaks the alarm */
  readonly broken?: string
  /** the length of the ruler */
  readonly columns: number
  readonly lanes: readonly Lane[]
  readonly notes: readonly string[]
}

/** One line of the diagram, or several where calls touch. */
export interface Lane {
  readonly name: LaneName
  /** by their first column */
  readonly spans: readonly Span[]
  /** to the right of each row, `''` for none */
  readonly comments: readonly string[]
}

/** A call from its first column to its last, or the marks of one column where a lane has no calls. */
export type Span = readonly [Moment, ...Moment[]]

/** What happens in one column, in its order. */
export interface Moment {
  readonly at: number
  readonly marks: string
}

/** What a lane may hold. In patterns `t` is any alarm time, `v` any letter or digit. */
interface LaneKind {
  /** what makes it happen: the diagram, the diagram as the answer to a call, the alarm as the answer to the diagram, the alarm */
  readonly role: 'given' | 'called' | 'watched' | 'seen'
  /** the marks that stand alone, or that begin a call */
  readonly marks: string
  /** the marks of a whole call, columns left out */
  readonly whole?: RegExp
  readonly says: string
  /** looked at even where the diagram does not have it */
  readonly always?: true
}

const outside = /^t(\+?[|#!]?|[#!][+/]|\/|\*)$/

export const laneKinds = {
  life: { role: 'watched', marks: '^!#', always: true, says: '^ opened, ! its process dies, # broken' },
  rival: { role: 'given', marks: 't', says: 'another incarnation opens and sets' },
  ask: { role: 'given', marks: 't', says: 'the application sets, x deletes' },
  unconfirmed: { role: 'given', marks: 't', says: 'likewise with allowUnconfirmed' },
  touch: {
    role: 'given',
    marks: 'pu',
    says: 'p the state around the alarm changes, u with allowUnconfirmed',
  },
  abandon: { role: 'given', marks: 't', says: 'the manager gives the alarm up' },
  kept: { role: 'seen', marks: 't', always: true, says: 'what abandon answers: the alarm that stands' },
  refused: { role: 'seen', marks: 'tpu', always: true, says: 'set, delete, touch or abandon throws' },
  send: { role: 'given', marks: 'v', says: 'values enter the output gate' },
  sent: { role: 'seen', marks: 'v#', always: true, says: 'and leave it' },
  commit: { role: 'called', marks: 't', whole: outside, always: true, says: 'the store' },
  write: { role: 'called', marks: 't', whole: outside, always: true, says: 'the manager' },
  held: { role: 'seen', marks: '^', whole: /^\^!?$/, says: 'an earlier move waits for the writer' },
  wake: {
    role: 'watched',
    marks: 't',
    whole: /^t[|>#%!]?$/,
    says: 'a delivery; | done, > rescheduled, # failed, % failed and not counted',
  },
  handler: { role: 'called', marks: 't', whole: /^tt*([|#!]|\*)?$/, always: true, says: 'the handler' },
  confirmed: { role: 'watched', marks: '?', whole: /^\?[|#!]?$/, says: 'a wait for confirmed() begins' },
  drained: { role: 'watched', marks: '?', whole: /^\?[|#!]?$/, says: 'a wait for drained() begins' },
  reads: { role: 'seen', marks: 't#', says: 'the alarm read back, when it changes' },
  store: { role: 'seen', marks: 't', says: 'what the store holds, when it changes' },
  manager: { role: 'seen', marks: 't', says: 'what the manager holds, when it changes' },
  superseded: { role: 'seen', marks: 't', says: 'a time never committed or never written' },
  retried: { role: 'seen', marks: 't', says: 'a later write will be tried again' },
  'given-up': { role: 'seen', marks: 't', says: 'a later write will not be tried again' },
  violation: { role: 'seen', marks: 't', says: 'the manager is found to be later than the store' },
} as const satisfies Record<string, LaneKind>

/** The name of a lane of a diagram, such as `ask` or `write`. */
export type LaneName = keyof typeof laneKinds

export const kindOf = (name: LaneName): LaneKind => laneKinds[name]

export const isLaneName = (name: string): name is LaneName => Object.hasOwn(laneKinds, name)

/** The lane of that name, if the diagram has it. */
export const laneOf = ({ lanes }: Pick<Scenario, 'lanes'>, name: LaneName): Lane | undefined =>
  lanes.find((lane) => lane.name === name)

/** All marks of a call, columns left out. */
export const marksOf = (span: readonly Moment[]): string => span.map(({ marks }) => marks).join('')

/** Whether the caller still waits after these marks. */
export const isPending = (marks: string): boolean => !/[|#!/*>%]/.test(marks)
