import { isWithin } from '../../ledger/pauses.ts'
import type { AlarmScope } from '../../vocabulary/alarm-scope.ts'
import { isHardlyMeant } from '../../vocabulary/hardly-meant.ts'
import type { ListedAlarm } from '../../vocabulary/listed-alarm.ts'
import { pausesOf, quoted, resumeCall, scopeText } from '../scopes.ts'
import { duration, fromNow, instant } from '../times.ts'
import type { Call } from './arguments.ts'
import { type Operator, openOperator } from './open-target.ts'
import { withProgress } from './progress.ts'
import { jsonLine, printable, type Terminal } from './terminal.ts'
import { EXIT, UsageError } from './usage.ts'

type Command = (call: Call, terminal: Terminal) => Promise<number>

/** The commands that change what is delivered. Each failed alarm is changed under the fence that it was found with. */
export const changing: Readonly<Record<string, Command>> = {
  retry: (call, terminal) =>
    changed(call, terminal, 'retried', (operator, tell) =>
      eachFailed(call, operator, terminal.signal, async (key, fence) =>
        tell(key, await operator.retry(key, fence)),
      ),
    ),
  discard: (call, terminal) =>
    changed(call, terminal, 'discarded', (operator, tell) =>
      eachFailed(call, operator, terminal.signal, async (key, fence) =>
        tell(key, await operator.discard(key, fence)),
      ),
    ),
  reschedule: (call, terminal) => {
    const time = timeOf(call.rest[1] as string)
    return changed(call, terminal, 'rescheduled', async (operator, tell) => {
      const key = call.rest[0] as string
      const own = (await heldOf(operator, key))?.time ?? time
      await tell(key, await operator.reschedule(key, time, guard(call)), { given: time, own })
    })
  },
  pause,
  resume,
}

/** The time that was given for an alarm, and its own, before which it is never delivered. */
interface Again {
  readonly given: number
  readonly own: number
}

type Tell = (key: string, isDone: boolean, again?: Again) => Promise<void>
type Fence = { readonly fence?: number }

const AT_ONCE = 500 // in one transaction

async function eachFailed(
  call: Call,
  operator: Operator,
  signal: AbortSignal,
  change: (key: string, fence: Fence) => Promise<void>,
): Promise<void> {
  const { all, prefix } = call.options
  checkPrefix(prefix)
  const isScoped = all || prefix !== undefined
  if (isScoped === call.rest.length > 0) {
    throw new UsageError(`${call.command} takes keys, or --all, or --prefix: one of them.`)
  }
  if (!isScoped) {
    await Promise.all(call.rest.map((key) => change(key, guard(call))))
    return
  }
  let changes: Promise<void>[] = []
  for await (const { key, fence } of operator.list({ state: 'failed', prefix: prefix ?? '' })) {
    if (signal.aborted) break
    changes.push(change(key, { fence }))
    if (changes.length < AT_ONCE) continue
    await Promise.all(changes)
    changes = []
  }
  await Promise.all(changes)
}

function guard({ options: { fence } }: Call): Fence {
  return fence === undefined ? {} : { fence }
}

async function changed(
  call: Call,
  terminal: Terminal,
  done: string,
  work: (operator: Operator, tell: Tell) => Promise<void>,
): Promise<number> {
  const { json } = call.options
  let [count, missed] = [0, 0]
  const tellOf =
    (operator: Operator): Tell =>
    async (key, isDone, again) => {
      if (isDone) {
        count++
        const due = again && Math.max(again.given, again.own)
        if (json) terminal.out(jsonLine({ key, [done]: true, ...(due !== undefined && { due }) }))
        else
          terminal.out(`${done} ${printable(key)}${again === undefined ? '' : to(again, terminal.now())}\n`)
        return
      }
      missed++
      const held = await heldOf(operator, key)
      const pauses = held?.paused === true ? pausesOf(key, await operator.stats()) : []
      const reason = whyNot(held, pauses, call, terminal.now())
      if (json) terminal.out(jsonLine({ key, [done]: false, state: held?.state ?? null, reason }))
      else terminal.say(`${quoted(key)}: ${reason}\n`)
    }
  await opened(call, (operator) =>
    withProgress(terminal, call.command, () => work(operator, tellOf(operator))),
  )
  if (count === 0 && missed === 0 && !json) terminal.say('There is no failed alarm.\n')
  return count === 0 || missed > 0 ? EXIT.found : EXIT.done
}

async function heldOf(operator: Operator, key: string): Promise<ListedAlarm | null> {
  for await (const alarm of operator.list({ key })) return alarm
  return null
}

function to({ given, own }: Again, now: number): string {
  return own > given
    ? ` to its own time, ${instant(own)}, ${fromNow(own, now)}: that is later than ${instant(given)}`
    : ` to ${instant(given)}, ${fromNow(given, now)}`
}

/** Why an alarm was not changed, and what can be done. */
function whyNot(
  held: ListedAlarm | null,
  pauses: readonly AlarmScope[],
  { command, options }: Call,
  now: number,
): string {
  if (held === null) return 'there is no alarm.'
  const only = `only a failed alarm can be changed by ${command}`
  const { state, time, fence, lease } = held
  const due = held.due ?? time
  switch (state) {
    case 'failed':
      return options.fence === undefined
        ? 'it was changed meanwhile. Try once more.'
        : `it has failed, but its fence is ${fence}, not ${options.fence}.`
    case 'pending':
      return `it is pending until ${instant(due)}: ${only}. Its actor can change it.`
    case 'due': {
      const late = `it is late by ${duration(Math.max(0, now - time))}, and has not failed`
      return pauses.length === 0
        ? `${late}: start what subscribes to deliveries.`
        : `${late}. It is ${pausedWith(pauses)}`
    }
    case 'delivering':
      return `it is being delivered, and its lease lasts until ${instant(lease?.until ?? due)}: ${only}. Wait until then at most.`
    case 'backing-off':
      return `it is backing off, and is retried at ${instant(due)}: ${only}. Wait, or mend the cause.`
  }
}

async function pause(call: Call, terminal: Terminal): Promise<number> {
  const scope = scopeOf(call)
  const [isNew, isNone] = await opened(call, async (operator) => {
    const isNew = await operator.pause(scope)
    return [isNew, isNew && 'key' in scope && (await heldOf(operator, scope.key)) === null]
  })
  if (call.options.json) terminal.out(jsonLine({ ...scope, paused: isNew }))
  else if (isNew) terminal.out(`paused: ${scopeText(scope)}\n`)
  else terminal.say(`${scopeText(scope)}: paused already\n`)
  if (isNone) terminal.say('There is no alarm of this key now.\n') // the key may be misspelt
  return isNew ? EXIT.done : EXIT.found
}

/** Says which pauses have ended: a beginning that is too short ends others, which may have been meant. */
async function resume(call: Call, terminal: Terminal): Promise<number> {
  const scope = scopeOf(call)
  const whole = { prefix: '', ...scope }
  const [isDone, ended, left] = await opened(call, async (operator) => {
    const { paused } = await operator.stats()
    const isDone = await operator.resume(scope)
    const isEnded = (other: AlarmScope): boolean => isWithin(other, whole)
    const left = paused.filter((other) => !isEnded(other) && isWithin(whole, other))
    return [isDone, isDone ? paused.filter(isEnded) : [], left]
  })
  if (call.options.json) {
    terminal.out(jsonLine({ ...scope, resumed: isDone, ended, pausedWith: left }))
    return isDone ? EXIT.done : EXIT.found
  }
  for (const each of ended) terminal.out(`resumed: ${scopeText(each)}\n`)
  if (!isDone) terminal.say(`${scopeText(scope)}: not paused by itself\n`)
  if (left.length > 0) terminal.say(`It is ${isDone ? 'still ' : ''}${pausedWith(left)}\n`)
  return isDone ? EXIT.done : EXIT.found
}

function pausedWith(pauses: readonly AlarmScope[]): string {
  const scopes = pauses.map((scope) => scopeText(scope)).join(', and with ')
  return `paused with ${scopes}: ${pauses.map(resumeCall).join('; ')}`
}

function scopeOf({ command, rest: [key], options: { all, prefix } }: Call): AlarmScope {
  checkPrefix(prefix)
  const given = [key !== undefined, all, prefix !== undefined].filter(Boolean).length
  if (given !== 1) throw new UsageError(`${command} takes a key, --prefix, or --all: one of them.`)
  if (key !== undefined) return { key }
  return all ? {} : { prefix: prefix as string }
}

/** All keys begin with it: a variable of a script that is not set must not mean all. */
function checkPrefix(prefix: string | undefined): void {
  if (prefix === '') throw new UsageError('--prefix is empty, and so would mean all: say --all for that.')
}

async function opened<T>(
  { target, options: { schema } }: Call,
  use: (operator: Operator) => PromiseLike<T>,
): Promise<T> {
  const operator = await openOperator(target, schema)
  try {
    return await use(operator)
  } finally {
    await operator.close()
  }
}

// Date.parse takes much else for a date: -5 for a day in May 2001. Without a zone, a time of the day would be one of this machine's zone.
const ISO = /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?$/i

/** Date.parse makes 2 March of 30 February. */
function isDay(text: string): boolean {
  const [year, month, day] = text.slice(0, 10).split('-').map(Number) as [number, number, number]
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day
}

function timeOf(text: string): number {
  const time = /^\d+$/.test(text)
    ? Number(text)
    : ISO.test(text) && isDay(text)
      ? Date.parse(text)
      : Number.NaN
  if (isHardlyMeant(time)) {
    throw new UsageError(
      `${text} is ${instant(time)}: seconds, a delay, or a year? A time is like 2030-01-31T12:00:00Z, or ms since the epoch.`,
    )
  }
  if (Number.isSafeInteger(time) && time >= 0) return time
  throw new UsageError(
    `A time is like 2030-01-31T12:00:00Z, or with +hh:mm for its zone, or ms since the epoch; given ${JSON.stringify(text)}.`,
  )
}
