/**
 * The child process, which is killed again and again: a manager that delivers, and the actors behind it. It opens an actor when a request
 * or a wake-up for it comes, whoever has it open elsewhere. It says what happens in lines on its output.
 */
import { writeSync } from 'node:fs'
import type { AlarmDelivery, AlarmTime } from 'nolater'
import { postgresManager } from 'nolater/postgres'
import pg from 'pg'
import { defer, finalize, from, type Observable, switchMap } from 'rxjs'
import { CALM, type Mood, moodOf } from '../../examples/fleet/mix.ts'
import { random, seedOf } from '../../examples/fleet/random.ts'
import { sabotaged } from '../crash/saboteurs.ts'
import { quoted, sleep } from '../postgres/rig.ts'
import { type Actor, openActor } from './actor.ts'
import { LEASE, type Plan, TIMEOUT } from './plan.ts'

const [text = '', index = '', life = '', mode = ''] = process.argv.slice(2)
const plan: Plan = JSON.parse(text)
const { seed, connectionString, schema, actors: keys, workers, sabotage } = plan
const chance = random(seedOf(seed, 'worker', index, life))
const isQuiet = mode === 'quiet'

/** Straight to the pipe: what was said was said, also when the next thing is a SIGKILL. */
const say = (...words: readonly (string | number)[]): void => void writeSync(1, `${words.join(' ')}\n`)

/** By its code and its cause's; where there is none, by what is said. */
function sayError(where: string, error: unknown): void {
  const { code, message, cause } = (error ?? {}) as {
    code?: string
    message?: string
    cause?: { code?: string }
  }
  const why = cause?.code === undefined ? '' : `<${cause.code}`
  say('error', where, `${code ?? message?.replaceAll(/\s+/g, '_')}${why}`)
}

const real = postgresManager({
  connectionString,
  schema,
  migrate: false,
  lease: LEASE,
  timeout: TIMEOUT,
  pollInterval: 500,
})
const manager = sabotage === 'two-owners' ? real : sabotaged(real, sabotage)
const pool =
  manager === real ? undefined : new pg.Pool({ connectionString, max: 10, application_name: 'nolater' })
const opening = new Map<string, Promise<Actor>>()

function mood(key: string, alarm: number): Mood {
  const { fails, works, again } = moodOf(seed, key, alarm)
  if (isQuiet) return CALM
  return { fails, works: works * 8, again: again === null ? null : again % 700 }
}

async function touch(key: string): Promise<Actor> {
  const before = opening.get(key)
  const known = await before?.catch(() => undefined)
  if (known?.isBroken === false) return known
  if (opening.get(key) !== before) return touch(key) // somebody has opened it again meanwhile
  const actor = reopen(key, known)
  opening.set(key, actor)
  return actor
}

async function reopen(key: string, known: Actor | undefined): Promise<Actor> {
  await known?.close()
  return openActor({
    key,
    schema,
    manager,
    pool,
    moodOf: (alarm) => mood(key, alarm),
    answered: (op) => say('ack', key, op),
    isLeaky: sabotage === 'leaky-gate',
    broken: (error) => sayError('broken', error),
  })
}

function wish(): AlarmTime {
  const kind = chance()
  const between = (least: number, most: number): number =>
    Math.round(Date.now() + least + chance() * (most - least))
  if (kind < 0.12) return null
  if (kind < 0.17) return between(-50, 0) // at once
  if (kind < 0.75) return between(5, 400)
  return between(400, 3_000)
}

/** An actor of its own mostly, and now and then another worker's: whoever had it open is superseded. */
function pick(): string {
  const own = Math.floor((chance() * keys.length) / workers) * workers + Number(index)
  return keys[chance() < 0.95 ? Math.min(own, keys.length - 1) : Math.floor(chance() * keys.length)]!
}

async function askOn(n: number): Promise<void> {
  const key = pick()
  try {
    const actor = await touch(key)
    // Now and then somebody changes his mind several times before anything could be written.
    const minds = chance() < 0.2 ? 1 + Math.floor(chance() * 3) : 1
    await Promise.all(
      Array.from({ length: minds }, (_, mind) => actor.ask(`${index}.${life}.${n}.${mind}`, wish())),
    )
  } catch (error) {
    sayError('asked', error)
  }
}

let runs = 0
function deliver(delivery: AlarmDelivery): Observable<unknown> {
  const run = `${index}.${life}.${++runs}`
  return defer(() => {
    say('begin', delivery.key, run, Date.now())
    return from(touch(delivery.key)).pipe(switchMap((actor) => actor.deliver(delivery)))
  }).pipe(finalize(() => say('end', delivery.key, run, Date.now())))
}

/** Believes that everybody else is dead. */
async function freeOthers(): Promise<void> {
  const saboteur = new pg.Pool({ connectionString, max: 1 }).on('error', () => {})
  for (;;) {
    await sleep(100)
    await saboteur
      .query(
        `UPDATE ${quoted(schema)}._nolater_alarm SET holder = NULL, leased_until = NULL, due = time WHERE holder IS NOT NULL`,
      )
      .catch(() => {})
  }
}

manager.deliveries(deliver, { concurrency: 20 }).subscribe({
  next(event) {
    if (event.kind === 'failed') sayError('delivery', event.error)
    else say(event.kind, event.key, event.scheduledTime)
  },
  error(error) {
    console.error(error)
    process.exit(1) // nothing in a run may end them
  },
})

process.stdin.on('end', () => process.exit()).resume() // it ends with its parent, however that ends
pool?.on('error', () => {})
await real.ready().catch(() => {})
say('ready')
if (sabotage === 'two-owners') void freeOthers()
for (let n = 0; !isQuiet; n++) {
  void askOn(n)
  await sleep(chance() * 40)
}
