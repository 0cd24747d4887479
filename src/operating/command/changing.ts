import type { AlarmScope } from '../../vocabulary/alarm-scope.ts'
import type { Call } from './arguments.ts'
import { type Operator, openOperator } from './open-target.ts'
import { scopeText } from './print-stats.ts'
import { withProgress } from './progress.ts'
import { printable, type Terminal } from './terminal.ts'
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
      tell(key, await operator.reschedule(key, time, guard(call)))
    })
  },
  pause: (call, terminal) => scoped(call, terminal, 'paused', 'was paused already', 'pause'),
  resume: (call, terminal) => scoped(call, terminal, 'resumed', 'was not paused', 'resume'),
}

type Fence = { readonly fence?: number }

const AT_ONCE = 500 // in one transaction

async function eachFailed(
  call: Call,
  operator: Operator,
  signal: AbortSignal,
  change: (key: string, fence: Fence) => Promise<void>,
): Promise<void> {
  const { all, prefix } = call.options
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
  work: (operator: Operator, tell: (key: string, isDone: boolean) => void) => Promise<void>,
): Promise<number> {
  let [count, missed] = [0, 0]
  const tell = (key: string, isDone: boolean): void => {
    if (isDone) count++
    else missed++
    if (call.options.json) terminal.out(`${JSON.stringify({ key, [done]: isDone })}\n`)
    else if (isDone) terminal.out(`${done} ${printable(key)}\n`)
    else
      terminal.say(
        `There is no failed alarm of ${printable(key)}${call.options.fence === undefined ? '' : ' under that fence'}.\n`,
      )
  }
  await opened(call, (operator) => withProgress(terminal, call.command, () => work(operator, tell)))
  if (count === 0 && missed === 0 && !call.options.json) terminal.say('There is no failed alarm.\n')
  return count === 0 || missed > 0 ? EXIT.found : EXIT.done
}

async function scoped(
  call: Call,
  terminal: Terminal,
  done: string,
  otherwise: string,
  change: 'pause' | 'resume',
): Promise<number> {
  const scope = scopeOf(call)
  const isNew = await opened(call, (operator) => operator[change](scope))
  if (call.options.json) terminal.out(`${JSON.stringify({ ...scope, [done]: isNew })}\n`)
  else if (isNew) terminal.out(`${done}: ${scopeText(scope)}\n`)
  else terminal.say(`${scopeText(scope)}: ${otherwise}\n`)
  return isNew ? EXIT.done : EXIT.found
}

function scopeOf({ command, rest: [key], options: { all, prefix } }: Call): AlarmScope {
  const given = [key !== undefined, all, prefix !== undefined].filter(Boolean).length
  if (given !== 1) throw new UsageError(`${command} takes a key, --prefix, or --all: one of them.`)
  if (key !== undefined) return { key }
  return all ? {} : { prefix: prefix as string }
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

// Date.parse takes much else for a date: -5 for a day in May 2001.
const ISO = /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?$/i

function timeOf(text: string): number {
  const time = /^\d+$/.test(text) ? Number(text) : ISO.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isSafeInteger(time) && time >= 0) return time
  throw new UsageError(
    `A time is like 2030-01-31T12:00:00Z, or ms since the epoch; given ${JSON.stringify(text)}.`,
  )
}
