/** What one command takes, and what its help says. */
export interface Manual {
  /** how it is called, as the help of all says it */
  readonly calls: readonly string[]
  readonly does: string
  readonly takes: Readonly<Record<string, OptionText>>
  /** how many words follow its target: at least, and at most */
  readonly words: readonly [least: number, most: number]
  readonly changes: string
  readonly example: string
  /** when it exits with 1; `''`: never */
  readonly found: string
}

type OptionText = readonly [value: string, text: string]

export const json: OptionText = ['', 'a line of JSON for each result, for scripts']
export const schema: OptionText = ['NAME', 'where its schema is not nolater']
export const fence: OptionText = ['N', 'only if the failed alarm still has this fence']
const allFailed: OptionText = ['', 'all that have failed']
const failedPrefix: OptionText = ['P', 'of these, or of all, those whose keys begin so']
const wholly: OptionText = ['', 'all keys']
const scopePrefix: OptionText = ['P', 'the keys that begin so']
const journal: OptionText = ['FILE', 'what recordJournal keeps: what happened last, drawn']

const nothing = 'It changes nothing.'
const delivered = 'It changes what is delivered, never what an actor has set.'
const notChanged = 'there was none, or one was not changed'

/** The commands, in the order of the help. */
export const manual: Readonly<Record<string, Manual>> = {
  list: {
    calls: ['nolater list TARGET [--state STATE] [--prefix P] [--limit N] [--after KEY]'],
    does: 'the alarms that are held, in the order in which they are due',
    takes: {
      state: ['STATE', 'only those in this state'],
      prefix: ['P', 'only those whose keys begin so'],
      limit: ['N', 'at most so many: 100 unless given, with --json all'],
      after: ['KEY', 'those that come after this one'],
    },
    words: [0, 0],
    changes: nothing,
    example: 'nolater list alarms.db --state failed',
    found: 'there are none',
  },
  stats: {
    calls: ['nolater stats TARGET [--watch]'],
    does: 'how many alarms are in each state, how late, what delivers',
    takes: { watch: ['', 'once a second, until it is stopped'] },
    words: [0, 0],
    changes: nothing,
    example: 'nolater stats alarms.db --watch',
    found: '',
  },
  show: {
    calls: ['nolater show TARGET KEY [--journal FILE [--limit N]]'],
    does: 'all that is known of one alarm, and what happened to its actor',
    takes: { journal, limit: ['N', 'the last N events of the journal: 40 unless given'] },
    words: [1, 1],
    changes: nothing,
    example: 'nolater show alarms.db user/42 --journal journal.db',
    found: 'there is none',
  },
  retry: {
    calls: ['nolater retry TARGET KEY... | --all [--prefix P]'],
    does: 'has failed alarms delivered at once, and what dead processes have',
    takes: { all: allFailed, prefix: failedPrefix, fence },
    words: [0, Infinity],
    changes: delivered,
    example: 'nolater retry alarms.db --prefix user/',
    found: notChanged,
  },
  reschedule: {
    calls: ['nolater reschedule TARGET KEY TIME      (ISO 8601 with its zone, or ms)'],
    does: 'has a failed alarm delivered at a time, or at another one',
    takes: { fence },
    words: [2, 2],
    changes: `${delivered}\nNothing is delivered before the time that its actor has set.`,
    example: 'nolater reschedule alarms.db user/42 2030-01-31T12:00:00Z',
    found: notChanged,
  },
  discard: {
    calls: ['nolater discard TARGET KEY...'],
    does: "removes the manager's copy of alarms that were given up",
    takes: { fence },
    words: [1, Infinity],
    changes: `${delivered}\nThe store holds it still, and sets it again when its actor is opened.`,
    example: 'nolater discard alarms.db user/42',
    found: notChanged,
  },
  pause: {
    calls: ['nolater pause TARGET KEY | --prefix P | --all'],
    does: 'delivers no more of a key, of some, or of all',
    takes: { all: wholly, prefix: scopePrefix },
    words: [0, 1],
    changes: `${delivered}\nHandlers at work go on; what comes due stays due until it is resumed.`,
    example: 'nolater pause alarms.db --prefix user/',
    found: 'it was paused already',
  },
  resume: {
    calls: ['nolater resume TARGET KEY | --prefix P | --all'],
    does: 'ends a pause, and narrower ones',
    takes: { all: wholly, prefix: scopePrefix },
    words: [0, 1],
    changes: `${delivered}\nIt does not end a pause of more than this.`,
    example: 'nolater resume alarms.db --all',
    found: 'it was not paused',
  },
  doctor: {
    calls: ['nolater doctor TARGET [STORE...] [--fix]'],
    does: 'what is wrong with a manager, and with the files of its stores',
    takes: { fix: ['', 'repairs what was found, one after the other'] },
    words: [0, Infinity],
    changes: `${nothing} With --fix, what it has found: an actor that it opens for\nthat is taken from the process that has it.`,
    example: 'nolater doctor alarms.db actors.db',
    found: 'faults are left',
  },
  ui: {
    calls: ['nolater ui TARGET [--port N] [--host H] [--token T] [--change]', '           [--journal FILE]'],
    does: 'serves a page that shows all this, live, until it is stopped',
    takes: {
      port: ['N', 'another than 4400; 0: any that is free'],
      host: ['H', 'for other machines too: 0.0.0.0, or one address'],
      token: [
        'T',
        'this one, 16 characters or more, or NOLATER_TOKEN of the\nenvironment; --host has one made',
      ],
      change: ['', 'lets it change what is delivered'],
      journal,
    },
    words: [0, 0],
    changes: `${nothing} With --change, what the other commands change.`,
    example: 'nolater ui alarms.db --port 8080',
    found: '',
  },
}
