// What a real Durable Object does with its alarm where docs/coming-from.md says how it differs: `node bench/durable-object/main.ts`.
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { makeScratch } from '../scratch.ts'
import { serveWorkerd, type Workerd } from '../serve-workerd.ts'

interface Wake {
  readonly name: string
  readonly at: number
  readonly info: { readonly retryCount: number; readonly isRetry: boolean; readonly scheduledTime?: number }
}

const AGAIN = 500

const scratch = makeScratch('durable-object')
const configOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url))
const serve = (directory = scratch, file = 'config.capnp'): Promise<Workerd> =>
  serveWorkerd(configOf(file), directory)

async function wakesOf(server: Workerd, name: string, count: number, limit = 30_000): Promise<Wake[]> {
  for (const end = Date.now() + limit; ; await sleep(20)) {
    const wakes = ((await server.ask('/log', {})) as Wake[]).filter((wake) => wake.name === name)
    if (wakes.length >= count || Date.now() > end) return wakes
  }
}
const print = (what: string, seen: unknown): void => console.log(`${what}: ${JSON.stringify(seen)}`)

let server = await serve()
try {
  await server.ask('/', { name: 'info', act: 'nothing', time: Date.now() })
  const [first] = await wakesOf(server, 'info', 1)
  print('the alarm is given', first?.info)

  // #6866: a set to the past is taken for one to now, so only a handler that begins in the very millisecond can set that time again.
  const begin = Date.now() + 500
  for (let i = 0; i < AGAIN; i++)
    await server.ask('/', { name: `again ${i}`, act: 'set again', till: 0, time: begin + 10 * i })
  await sleep(begin + 10 * AGAIN + 3_000 - Date.now())
  const log = (await server.ask('/log', {})) as Wake[]
  const runs = Array.from({ length: AGAIN }, (_, i) => log.filter(({ name }) => name === `again ${i}`))
  const inTime = runs.filter(([wake]) => wake?.at === wake?.info.scheduledTime)
  const later = runs.filter((wakes) => !inTime.includes(wakes))
  const twice = (all: Wake[][]): string =>
    `${all.filter(({ length }) => length === 2).length} of ${all.length} fire again`
  print('a set to the same time, in a handler that begins in that millisecond', twice(inTime))
  print('... in one that begins later', twice(later))

  // A set in a back-off.
  const backingOff = 'backing off'
  await server.ask('/', { name: backingOff, act: 'fail', time: Date.now() })
  const failed = (await wakesOf(server, backingOff, 3))[2]
  const set = Date.now()
  await server.ask('/', { name: backingOff, act: 'nothing', time: set })
  const next = (await wakesOf(server, backingOff, 4))[3]
  print('a set to now in the third back-off: fires after ms', (next?.at ?? NaN) - set)
  print('... retryCount', [failed?.info.retryCount, next?.info.retryCount])

  // A failed process.
  const killed = 'killed'
  await server.ask('/', { name: killed, act: 'fail', time: Date.now() })
  const before = await wakesOf(server, killed, 3)
  process.kill(server.pid, 'SIGKILL')
  await sleep(500)
  server = await serve()
  const after = await wakesOf(server, killed, 1)
  print(
    'retryCounts before a kill',
    before.map(({ info }) => info.retryCount),
  )
  print('... and of the first wake after it', after[0]?.info.retryCount)
} finally {
  await server.close()
}

for (const file of ['config.capnp', 'config-from-2026-02-24.capnp']) {
  server = await serve(makeScratch(file), file)
  try {
    await server.ask('/', { name: 'wiped', act: 'nothing', time: Date.now() + 3_600_000 })
    const { alarm } = (await server.ask('/', { name: 'wiped', act: 'deleteAll' })) as { alarm: number | null }
    print(`deleteAll with ${file}: leaves the alarm`, alarm !== null)
  } finally {
    await server.close()
  }
}
rmSync(scratch, { recursive: true, maxRetries: 5 })
