/**
 * The child process, which is killed again and again: it holds the actors, opens each when it is touched first, and asks what the script
 * says. Started again, it has nothing to go on but the files.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { recordTimeline } from 'nolater/marbles'
import { sqliteManager } from 'nolater/sqlite'
import { defaultIfEmpty, forkJoin, type Observable, timeout } from 'rxjs'
import { type Actor, openActor } from './actor.ts'
import { countEvents } from './count-events.ts'
import { flakyManager } from './flaky-manager.ts'
import { folderAt } from './folder.ts'
import { CALM, moodOf } from './mix.ts'
import { random, seedOf } from './random.ts'
import { LEASE, type Plan } from './script.ts'
import { openTally } from './tally.ts'

const [path = '', life = '', taken = ''] = process.argv.slice(2)
const folder = folderAt(path)
const {
  seed,
  start,
  actors: keys,
  hero,
  lines,
  hasMoods,
}: Plan = JSON.parse(readFileSync(folder.plan, 'utf8'))
const fileOf = new Map(keys.map((key, i) => [key, folder.actor(i)]))

const tally = openTally(folder.tally(Number(life)))
const sqlite = sqliteManager({ file: folder.manager, lease: LEASE })
const flaky = flakyManager(sqlite, random(seedOf(seed, 'weather', life)))
const actors = new Map<string, Actor>()
let chapters = 0

function touch(key: string): Actor {
  const known = actors.get(key)
  if (known !== undefined) return known
  const actor = openActor({
    key,
    file: fileOf.get(key)!,
    manager: {
      ...flaky,
      write(...write) {
        tally.count('writes')
        return flaky.write(...write)
      },
    },
    moodOf: (alarm) => (hasMoods ? moodOf(seed, key, alarm - start) : CALM),
    opened(alarm) {
      alarm.events$.subscribe({ next: countEvents(tally, alarm.time), error() {} })
      if (key === hero) tellStory(alarm.events$)
    },
    broken: () => tally.count('broken'),
    askedAgain: () => tally.count('askedAgain'),
  })
  actors.set(key, actor)
  return actor
}

/** Kept up to date in a file, because nobody is asked before a SIGKILL. */
function tellStory(events$: Parameters<typeof recordTimeline>[0]): void {
  const file = folder.story(Number(life), chapters++)
  const recording = recordTimeline(events$)
  const save = (): void => writeFileSync(file, JSON.stringify(recording.timeline))
  events$.subscribe({ next: save, error: save })
}

function ask(line: number): void {
  const { actor, set } = lines[line]!
  touch(actor).ask({ line, time: set === null ? null : start + set })
}

/** Lines that a former life took and did not commit. */
function linesToAskAgain(): number[] {
  const file = folder.again(Number(life))
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []
}

/** One line a turn, as requests come: however many are overdue, writes and deliveries have their turns in between. */
function askAgain([line, ...more]: readonly number[]): void {
  if (line === undefined) {
    askFrom(Number(taken))
    return
  }
  tally.count('askedAgain')
  ask(line)
  setImmediate(askAgain, more)
}

function askFrom(line: number): void {
  if (line === lines.length) return
  const wait = start + lines[line]!.at - Date.now()
  if (wait > 0) {
    setTimeout(askFrom, wait, line)
    return
  }
  tally.count('taken')
  ask(line)
  setImmediate(askFrom, line + 1)
}

const deliveries = flaky
  .deliveries((delivery) => touch(delivery.key).deliver(delivery))
  .subscribe((event) => {
    if (event.kind === 'failed' && event.counted) tally.count('failedRuns')
    if (event.kind === 'expired') tally.count('expired')
  })

process.on('disconnect', () => process.exit())
process.once('message', () => {
  const drained: Observable<void>[] = [...actors.values()].map(({ store }) => store.alarm.drained())
  const close = (): void => {
    deliveries.unsubscribe()
    for (const { store } of actors.values()) store.close()
    sqlite.close()
    process.exit()
  }
  forkJoin(drained).pipe(defaultIfEmpty([]), timeout(5_000)).subscribe({ complete: close, error: close })
})

process.send?.('ready')
askAgain(linesToAskAgain())
