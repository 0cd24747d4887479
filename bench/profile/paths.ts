import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { EMPTY, firstValueFrom, lastValueFrom, merge, Subject, take } from 'rxjs'
import { endBySignals } from '../../examples/processes/scratch-folder.ts'
import { type Alarm, openAlarm } from '../../src/index.ts'
import { sqliteManager } from '../../src/sqlite/index.ts'
import { startWatch } from '../engine/sample.ts'
import { type ScenarioId, scenarios } from '../engine/scenarios.ts'
import { rival } from '../rival.ts'
import { START } from '../trace.ts'
import { World } from '../world.ts'

/** A hot path: runs some of it, returns the ns of CPU time that each took. */
export type Path = (directory: string) => Promise<number>

// The sources and not the build, so that what takes the time can be told by the file it is in.
const nolater = rival<Alarm>({
  open: ({ commit, write }, initial, key) => openAlarm({ key, initial, commit, write, reconcile: false }),
  drained: (alarm) => firstValueFrom(alarm.drained()),
})

function scenario(id: ScenarioId): Path {
  return async () => {
    const { handedOver, drained } = await scenarios[id].run(nolater, scenarios[id].intents)
    return scenarios[id].compare === 'drained' ? drained : handedOver
  }
}

/** Set, delivered, handled, deleted; the store, the manager and the handler answer inside the call. */
async function delivery(): Promise<number> {
  const n = 50_000
  const { ports } = new World(null, 'at once', 'at once')
  const alarm = nolater.open(ports, null, 'actor') as Alarm
  const watch = startWatch()
  for (let i = 1; i <= n; i++) {
    alarm.set(START + i)
    alarm.deliver({ scheduledTime: START + i }, () => EMPTY).subscribe()
  }
  return watch() / n
}

/** The manager's writes, so many in a turn of the event loop. */
function sqliteWrite(n: number, atOnce: number): Path {
  return inFolder(async (directory) => {
    const manager = sqliteManager({ file: join(directory, 'alarms.db') })
    const watch = startWatch()
    for (let i = 0; i < n; i += atOnce) await writeAll(manager, i, atOnce, START)
    const time = watch() / n
    manager.close()
    return time
  })
}

/** A folder for each run, which is removed whatever becomes of it. */
function inFolder(run: (directory: string) => Promise<number>): Path {
  return async (root) => {
    const directory = mkdtempSync(join(root, 'profile-'))
    const remove = (): void => rmSync(directory, { recursive: true, force: true })
    process.on('exit', remove)
    endBySignals()
    try {
      return await run(directory)
    } finally {
      process.off('exit', remove)
      remove()
    }
  }
}

/** Alarms that are all due, with handlers that answer inside the call. */
async function sqliteFire(directory: string): Promise<number> {
  const n = 50_000
  const manager = sqliteManager({ file: join(directory, 'alarms.db') })
  await fill(manager, n)
  const watch = startWatch()
  const answered$ = new Subject<void>()
  const all = firstValueFrom(answered$.pipe(take(1)))
  let done = 0
  const deliveries = manager
    .deliveries(() => EMPTY)
    .subscribe(({ kind }) => {
      if (kind === 'done' && ++done === n) answered$.next()
    })
  await all
  const time = watch() / n
  deliveries.unsubscribe()
  manager.close()
  return time
}

async function fill(manager: ReturnType<typeof sqliteManager>, n: number): Promise<void> {
  for (let i = 0; i < n; i += 1_000) await writeAll(manager, i, 1_000, 1)
}

async function writeAll(
  manager: ReturnType<typeof sqliteManager>,
  first: number,
  count: number,
  time: number,
): Promise<void> {
  const writes = Array.from({ length: count }, (_, i) => {
    const key = `actor-${first + i}`
    return manager.write(key, time, { key, move: 'earlier', fence: 1, attempt: 1 })
  })
  await lastValueFrom(merge(...writes), { defaultValue: null })
}

export const paths: Record<string, Path> = {
  burst: scenario('burst'),
  alternation: scenario('alternation'),
  crossing: scenario('crossing'),
  synchronous: scenario('synchronous'),
  'no-op': scenario('no-op'),
  delivery,
  'sqlite-write': sqliteWrite(2_000, 1),
  'sqlite-write-together': sqliteWrite(100_000, 1_000),
  'sqlite-fire': inFolder(sqliteFire),
}

/** What a path does so as to begin; not counted. */
export const preparations: ReadonlySet<string> = new Set([
  'recordTrace',
  'alternating',
  'fill',
  'open',
  'post', // of the profiler
])
