import { rmSync, writeFileSync } from 'node:fs'
import { type AlarmError, memoryManager } from 'nolater'
import { virtualClock } from 'nolater/marbles'
import { sqliteManager, sqliteStore } from 'nolater/sqlite'
import { EMPTY, lastValueFrom } from 'rxjs'

// Run with failing-device.c preloaded. Prints what came of it, as JSON: of a manager's deliveries, or of a store.
const [part, file = '', flag = ''] = process.argv.slice(2)
const failDevice = (): void => writeFileSync(flag, '')
const mendDevice = (): void => rmSync(flag)

const told = (error: unknown) => {
  const { code, message, passes, cause } = error as AlarmError & { cause?: { errcode?: number } }
  return { code, message, passes: passes ?? null, sqlite: cause?.errcode ?? null }
}
const settled = (work: () => PromiseLike<unknown>) => {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  try {
    work().then(
      () => resolve('done'),
      (error) => resolve(told(error)),
    )
  } catch (error) {
    resolve(told(error))
  }
  return promise
}

async function deliveries(): Promise<object> {
  const clock = virtualClock()
  const manager = sqliteManager({ file, scheduler: clock })
  const write = (key: string, time: number, fence: number) =>
    settled(() =>
      lastValueFrom(manager.write(key, time, { key, move: 'later', fence, attempt: 1 }), {
        defaultValue: null,
      }),
    )
  const events: { kind: string; error?: unknown }[] = []
  const handled: string[] = []
  let ended: unknown = 'alive'
  manager
    .deliveries(({ key }) => {
      handled.push(key)
      return EMPTY
    })
    .subscribe({
      next: (event) => events.push(event),
      error: (error) => {
        ended = told(error)
      },
    })
  const of = (kind: string) => events.filter((event) => event.kind === kind)
  await write('before', clock.now(), 1)
  await clock.advanceAsync(1_000)
  await write('during', clock.now() + 1_000, 1)
  failDevice()
  const refused = await write('refused', clock.now(), 1)
  await clock.advanceAsync(60_000)
  const handledMeanwhile = [...handled]
  const stalls = of('stalled').map(({ error }) => told(error))
  mendDevice()
  const accepted = await write('after', clock.now(), 1)
  await clock.advanceAsync(60_000)
  const left = ['before', 'during', 'refused', 'after'].map((key) => manager.get(key))
  await manager.close()
  return {
    refused,
    stall: stalls[0],
    handledMeanwhile,
    accepted,
    resumed: of('resumed').length,
    handled,
    left,
    ended,
  }
}

async function store(): Promise<object> {
  const open = () => sqliteStore({ file, key: 'a', manager: memoryManager(), reconcile: false })
  const first = open()
  let broken: unknown = null
  first.alarm.events$.subscribe({
    error: (error) => {
      broken = told(error)
    },
  })
  first.transaction(() => first.put('before', 1))
  failDevice()
  const change = () => first.transaction(() => first.put('lost', 1))
  const thrown = await settled(async () => change())
  const later = await settled(async () => change())
  const opening = await settled(async () => open())
  mendDevice()
  await settled(async () => first.close())
  const again = open()
  again.transaction(() => again.put('after', 1))
  const kept = ['before', 'lost', 'after'].map((name) => again.get(name) ?? null)
  await again.close()
  return { thrown, broken, later, opening, kept }
}

console.log(JSON.stringify(await (part === 'store' ? store() : deliveries())))
