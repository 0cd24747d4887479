import { VirtualAction } from 'rxjs'
import { MarblesError } from '../marbles/index.ts'

const TIMERS = 100_000
/** A long diagram is no endless run. */
const TIMERS_PER_COLUMN = 10
/** Of so many timers it is known what set them. */
const PLACED = 500
const LISTED = 5
const FRAMES = 100
// A library's frames, and this kit's own.
const inside = /node_modules|node:internal|[\\/]src[\\/](?:vitest|marbles[\\/](?:scenario|clock))[\\/]/

const otherwise = 'use an RxJS scheduler, such as timer(ms, scheduler)'

/** For what is async where nothing waits for it. */
export const noPromises = 'A virtual run is over before a promise settles: leave out async and await.'

/** What to do in place of what is not virtual, by what is run. */
const instead = {
  observable: {
    'Date.now()': 'read scheduler.now()',
    'new Date()': 'read scheduler.now()',
    'performance.now()': 'read scheduler.now()',
    'a promise':
      'give the values by of(), cold() or hot(), or move a virtualClock with advanceAsync(), or await expect(...).toMatchMarblesAsync(...)',
  },
  actor: {
    'Date.now()': 'read config.scheduler.now()',
    'new Date()': 'read config.scheduler.now()',
    'performance.now()': 'read config.scheduler.now()',
    'a promise':
      'await expect(...).toMatchMarblesAsync(...), return an Observable, or test it without a diagram: move a virtualClock with advanceAsync()',
  },
} as const satisfies Record<string, Record<string, string>>

/**
 * Does what happens in virtual time, and fails (`MARBLES_FAULT`) when real time gets into it: the clock on the wall is read, a real timer
 * is set, something waits for a promise, or it never ends.
 *
 * Such a run is over before any promise settles or real timer fires, so a test that needs one would wait for nothing and pass.
 */
export function virtually<T>(what: keyof typeof instead, columns: number, run: () => T): T {
  const watch = watchWorld(what, columns, 'promises too')
  return watch.judge(attempt(run))
}

/**
 * Likewise, for a run that lets promises settle. Others work in its turns, the test runner for one: what is not called from the code of a
 * test, or from what a test imports, is theirs.
 */
export async function virtuallyAsync<T>(
  what: keyof typeof instead,
  columns: number,
  run: () => Promise<T>,
): Promise<T> {
  const watch = watchWorld(what, columns, 'promises settle')
  let result: Attempt<T>
  try {
    result = [{ value: await run() }]
  } catch (error) {
    result = [null, error]
  }
  return watch.judge(result)
}

type Attempt<T> = [result: { readonly value: T }] | [failed: null, error: unknown]

/** Watches for real time until it judges what came of the run. */
function watchWorld(
  what: keyof typeof instead,
  columns: number,
  promises: 'promises too' | 'promises settle',
) {
  const real = new Map<string, Error>()
  const isAsync = promises === 'promises settle'
  const note = (what: string): void => {
    if (real.has(what)) return
    const where = here()
    if (!isAsync || placeOf(where) !== undefined) real.set(what, where)
  }
  const restore = [
    watchClock(note),
    watchPerformance(note),
    ...watchTimers(note, isAsync ? outside : [...outside, ...turns]),
    ...(isAsync ? [] : [watchPromises(note)]),
    limitTimers(TIMERS + TIMERS_PER_COLUMN * columns, advice[what]),
  ]
  return {
    judge<T>([result, error]: Attempt<T>): T {
      for (const undo of restore.reverse()) undo()
      const [first] = real
      // What is not virtual is often the cause of what went wrong after it.
      if (first !== undefined) throw unreal(...first, instead[what])
      if (result === null) throw error
      return result.value
    },
  }
}

function attempt<T>(run: () => T): Attempt<T> {
  try {
    return [{ value: run() }]
  } catch (error) {
    return [null, error]
  }
}

function unreal(what: string, where: Error, insteads: Readonly<Record<string, string>>): MarblesError {
  // Where it happened says more than where it was found out.
  const place = placeOf(where)
  return new MarblesError(
    'MARBLES_FAULT',
    `Expected nothing but virtual time in this run, but ${what} was used${place === undefined ? '' : ` ${place}`}. ` +
      `Instead ${insteads[what] ?? otherwise}.`,
  )
}

/** As long as it takes to come from the depths of RxJS to its caller. */
function here(): Error {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = FRAMES
  const error = new Error()
  Error.stackTraceLimit = stackTraceLimit
  return error
}

/** The first frame that is neither ours nor a library's. */
const placeOf = ({ stack = '' }: Error): string | undefined =>
  stack
    .split('\n')
    .slice(1)
    .find((frame) => !inside.test(frame))
    ?.trim()

type Note = (what: string) => void

function replace<K extends PropertyKey>(owner: Record<K, unknown>, name: K, value: unknown): () => void {
  const own = Object.getOwnPropertyDescriptor(owner, name)!
  Object.defineProperty(owner, name, { ...own, ...('value' in own ? { value } : { get: () => value }) })
  return () => Object.defineProperty(owner, name, own)
}

function watchClock(note: Note): () => void {
  const watched = new Proxy(Date, {
    construct(target, args, newTarget) {
      if (args.length === 0) note('new Date()')
      return Reflect.construct(target, args, newTarget)
    },
    get(target, name, receiver) {
      if (name === 'now') note('Date.now()')
      return Reflect.get(target, name, receiver)
    },
  })
  return replace(globalThis, 'Date', watched)
}

function watchPerformance(note: Note): () => void {
  const owner = [performance, Object.getPrototypeOf(performance)].find((each) => Object.hasOwn(each, 'now'))
  // Where it is some environment's own, and may not be replaced, it is not watched.
  if (Object.getOwnPropertyDescriptor(owner ?? {}, 'now')?.configurable !== true) return () => {}
  const { now } = performance
  return replace(owner, 'now', () => {
    note('performance.now()')
    return now.call(performance)
  })
}

/** What waits for the world outside. */
const outside = ['setTimeout', 'setInterval', 'fetch'] as const
/** What only waits for its turn. */
const turns = ['setImmediate', 'queueMicrotask'] as const

function watchTimers(note: Note, names: readonly (keyof typeof globalThis)[]): (() => void)[] {
  return names
    .filter((name) => name in globalThis)
    .map((name) => {
      const own = globalThis[name] as (...args: unknown[]) => unknown
      return replace(globalThis, name, (...args: unknown[]) => {
        note(`${name}()`)
        return own(...args)
      })
    })
}

function watchPromises(note: Note): () => void {
  const { then } = Promise.prototype
  return replace(Promise.prototype, 'then', function (this: Promise<unknown>, ...args: []) {
    note('a promise')
    return then.apply(this, args)
  })
}

/** What to do about a run that never ends. */
const advice = {
  observable:
    'End what repeats with take() or takeUntil(), or let the diagram unsubscribe with ! where it has been seen for long enough.',
  actor: 'End what repeats with take() or takeUntil(), or set an alarm where a timer goes on and on.',
} as const

function limitTimers(limit: number, advice: string): () => void {
  const { schedule } = VirtualAction.prototype
  const kit = here()
  const set: Error[] = []
  let timers = 0
  return replace(VirtualAction.prototype, 'schedule', function (this: VirtualAction<unknown>, ...args: []) {
    // What repeats was begun somewhere.
    if (++timers <= PLACED) set.push(here())
    if (timers > limit)
      throw new MarblesError(
        'MARBLES_FAULT',
        `Expected the run to end; after ${limit} timers there are still more${listed(set, kit)}${advice}`,
      )
    return schedule.apply(this, args)
  })
}

/** Where they were set; the kit sets its own from the line of the expectation. */
function listed(set: readonly Error[], kit: Error): string {
  const places = new Set(set.map(placeOf))
  places.delete(undefined)
  places.delete(placeOf(kit))
  const lines = [...places].slice(0, LISTED).map((place) => `\n  ${place}`)
  const more = places.size > LISTED ? `\n  and in ${places.size - LISTED} more places` : ''
  return places.size === 0 ? '. ' : `; timers were set${lines.join('')}${more}\n`
}
