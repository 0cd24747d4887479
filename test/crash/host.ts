/**
 * The child process, which is killed again and again. It opens an actor when a request or a wake-up for it comes, whoever has it open
 * elsewhere. It says what happens in lines on its output, and hears commands on its input.
 */
import { readFileSync, writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AlarmTime } from 'nolater'
import { type SqliteManager, sqliteManager } from 'nolater/sqlite'
import { catchError, defer, of, repeat, timer } from 'rxjs'
import { flakyManager } from '../../examples/fleet/flaky-manager.ts'
import { CALM, type Mood, moodOf } from '../../examples/fleet/mix.ts'
import { random, seedOf } from '../../examples/fleet/random.ts'
import { type Actor, openActor } from './actor.ts'
import { machineClock } from './machine-clock.ts'
import { watchConnections } from './page-limit.ts'
import { actorFile, BUSY, clockFile, LEASE, managerFile, type Plan } from './plan.ts'
import { sabotaged } from './saboteurs.ts'

const [file = '', host = '', life = '', isQuiet = ''] = process.argv.slice(2)
const plan: Plan = JSON.parse(readFileSync(file, 'utf8'))
const { seed, actors: keys, hosts, sabotage } = plan
const chance = random(seedOf(seed, 'host', host, life))
const pages = watchConnections()
const clock = machineClock(clockFile(plan))

/** Straight to the pipe: what was said was said, also when the next thing is a SIGKILL. */
const say = (...words: readonly (string | number)[]): void => void writeSync(1, `${words.join(' ')}\n`)

/** What broke, down to SQLite's own number. */
function sayError(where: string, error: unknown): void {
  const codes: string[] = []
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code, errcode } = cause as { code?: string; errcode?: number }
    codes.push(
      errcode === undefined ? (code ?? cause.message.replaceAll(' ', '_')) : `SQLITE_${errcode & 0xff}`,
    )
  }
  say('error', where, codes.join('<'))
}

/** Where the disk is full or the file is locked, a host does not come up, and tries again. */
async function openManager(): Promise<SqliteManager> {
  try {
    return sqliteManager({
      file: managerFile(plan),
      scheduler: clock,
      lease: LEASE,
      pollInterval: 50,
      busyTimeout: BUSY,
    })
  } catch (error) {
    sayError('open', error)
    await sleep(50)
    return openManager()
  }
}

const sqlite = await openManager()
const quiet = isQuiet === 'quiet'
const manager = sabotaged(
  quiet ? sqlite : flakyManager(sqlite, random(seedOf(seed, 'weather', host, life))),
  sabotage,
)
const actors = new Map<string, Actor>()

function mood(key: string, alarm: number): Mood {
  const usual = moodOf(seed, key, alarm)
  return quiet ? CALM : { ...usual, again: usual.again === null ? null : usual.again % 700 }
}

function touch(key: string): Actor {
  const known = actors.get(key)
  if (known !== undefined && !known.isBroken) return known
  actors.delete(key)
  known?.close()
  const actor = openActor({
    key,
    file: actorFile(plan, key),
    manager,
    clock,
    busyTimeout: BUSY,
    moodOf: (alarm) => mood(key, alarm),
    answered: (op) => say('ack', key, op),
    isLeaky: sabotage === 'leaky-gate',
    broken: (error) => sayError('broken', error),
  })
  actors.set(key, actor)
  return actor
}

function ask(key: string, op: string, time: AlarmTime): void {
  try {
    touch(key).ask(op, time)
  } catch (error) {
    sayError('asked', error)
  }
}

function wish(): AlarmTime {
  const kind = chance()
  const between = (from: number, to: number): number =>
    Math.round(clock.now() + from + chance() * (to - from))
  if (kind < 0.12) return null
  if (kind < 0.17) return between(-50, 0) // at once
  if (kind < 0.75) return between(5, 300)
  if (kind < 0.95) return between(300, 3_000)
  return between(1_800_000, 10_000_000) // some hours: only a stepped clock gets there
}

/** An actor of its own mostly, and now and then another host's: whoever had it open is superseded. */
function pick(): string {
  const own = Math.floor((chance() * keys.length) / hosts) * hosts + Number(host)
  return keys[chance() < 0.85 ? Math.min(own, keys.length - 1) : Math.floor(chance() * keys.length)]!
}

function askOn(n: number): void {
  const key = pick()
  // Now and then somebody changes his mind several times before anything could be written.
  const minds = chance() < 0.2 ? 1 + Math.floor(chance() * 4) : 1
  for (let mind = 0; mind < minds; mind++) ask(key, `${host}.${life}.${n + mind}`, wish())
  setTimeout(askOn, chance() * 12, n + minds)
}

defer(() => manager.deliveries((delivery) => touch(delivery.key).deliver(delivery), { concurrency: 20 }))
  .pipe(
    catchError((error) => {
      sayError('deliveries', error)
      return of(null)
    }),
    repeat({ delay: () => timer(50) }),
  )
  .subscribe((event) => {
    if (event === null) return
    if (event.kind === 'failed') sayError('delivery', event.error)
    else say(event.kind, event.key, event.scheduledTime)
  })

createInterface({ input: process.stdin })
  .on('line', (command) => {
    const [what, key = ''] = command.split(' ')
    if (what === 'full') pages.full()
    else if (what === 'room') pages.room()
    else if (what === 'take') ask(key, `${host}.${life}.take-${performance.now()}`, wish())
    say('heard', command)
  })
  .on('close', () => process.exit())

say('ready')
if (life === '0') flushCompileCache() // nobody who is killed gets to it
if (!quiet) askOn(0)
