import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { dice } from '../../dice.ts'
import type { Server } from '../../postgres/server.ts'
import { EARLY, GAPS, LATENESS, LATER, OPEN, TABLES } from './tables.ts'

const PROCESSES = 4
const GRACE = 20_000 // ms after the last fault, within which all that is due is done

/** What a campaign has found. */
export interface Found {
  readonly faults: Readonly<Record<string, number>>
  readonly violations: readonly string[]
  readonly acknowledged: number
  readonly looks: number
  readonly lateness: {
    readonly done: number
    readonly p50: number
    readonly p99: number
    readonly max: number
  }
}

interface Process {
  readonly child: ChildProcess
  isStopped: boolean
}

/** Four processes over one database, and one trouble after the other; an outside look at the tables all the while. */
export async function troubleFleet(
  server: Server,
  {
    faults,
    seed,
    sabotage,
    watch,
  }: { faults: number; seed: number; sabotage: string; watch(line: string): void },
): Promise<Found> {
  const roll = dice(seed)
  const counts: Record<string, number> = {}
  const violations = new Set<string>()
  const acknowledged: string[] = []
  const processes: Process[] = []
  let names = 0
  let looks = 0
  let isOver = false

  function start(): void {
    const child = spawn(
      process.execPath,
      ['--import', './test/run-sources.mjs', 'test/chaos/fleet/fleet-process.ts'],
      {
        env: {
          ...process.env,
          DATABASE_URL: server.connectionString,
          NAME: `p${names++}`,
          SABOTAGE: sabotage,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    let rest = ''
    child.stdout?.on('data', (data) => {
      const lines = (rest + data).split('\n')
      rest = lines.pop() ?? ''
      acknowledged.push(...lines)
    })
    child.stderr?.on('data', (data) => watch(String(data).trim()))
    const own: Process = { child, isStopped: false }
    processes.push(own)
    child.once('exit', () => processes.splice(processes.indexOf(own), 1))
  }

  const pick = (): Process | undefined => {
    const running = processes.filter(({ isStopped }) => !isStopped)
    return running[roll(running.length)]
  }

  const troubles: Readonly<Record<string, () => Promise<void>>> = {
    async kill() {
      pick()?.child.kill('SIGKILL')
      start()
    },
    async stop() {
      const one = pick()
      if (one === undefined) return
      one.isStopped = true
      one.child.kill('SIGSTOP')
      void sleep(1_000 + roll(6_000)).then(() => {
        one.child.kill('SIGCONT')
        one.isStopped = false
      })
    },
    async deploy() {
      pick()?.child.kill('SIGTERM')
      start()
    },
    async cut() {
      await server.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`,
      )
    },
    async crash() {
      await server.crash()
      await sleep(roll(3_000))
      await server.start()
    },
  }
  // As often as each comes, of twenty.
  const bag = ['kill', 8, 'stop', 5, 'deploy', 3, 'cut', 3, 'crash', 1] as const

  function draw(): string {
    let left = roll(20)
    for (let i = 0; ; i += 2) {
      left -= bag[i + 1] as number
      if (left < 0) return bag[i] as string
    }
  }

  async function look(): Promise<void> {
    for (const { key, due, time } of await server.query<{ key: string; due: number; time: number | null }>(
      LATER,
    ))
      violations.add(`the alarm of ${key} is ${time}, and it wishes ${due}`)
    for (const { id, key } of await server.query<{ id: string; key: string }>(EARLY))
      violations.add(`wish ${id} of ${key} was fulfilled before its time`)
    looks++
  }

  async function watching(): Promise<void> {
    while (!isOver) {
      await look().catch(() => {}) // the server is away
      await sleep(50)
    }
  }

  await server.query(TABLES)
  for (let i = 0; i < PROCESSES; i++) start()
  await sleep(3_000)
  const looking = watching()
  for (let fault = 1; fault <= faults; fault++) {
    const name = draw()
    counts[name] = (counts[name] ?? 0) + 1
    await troubles[name]?.()
    while (processes.length < PROCESSES) start()
    watch(
      `${fault} of ${faults}: ${name}; ${acknowledged.length} wishes, ${looks} looks, ${violations.size} violations`,
    )
    await sleep(100 + roll(900))
  }

  await sleep(GRACE)
  isOver = true
  await looking
  for (const { id, key, due } of await server.query<{ id: string; key: string; due: number }>(OPEN, [5_000]))
    violations.add(`wish ${id} of ${key}, due at ${due}, is not fulfilled`)
  for (const { key } of await server.query<{ key: string }>(GAPS)) violations.add(`${key} has lost a change`)
  const kept = new Set(
    (await server.query<{ id: string }>('SELECT id FROM wish')).map(({ id }) => String(id)),
  )
  for (const id of acknowledged)
    if (!kept.has(id)) violations.add(`wish ${id} was acknowledged, and is not there`)
  const [lateness] = await server.query<Found['lateness']>(LATENESS)
  for (const { child } of processes) child.kill('SIGKILL')
  await Promise.all(processes.map(({ child }) => once(child, 'exit')))
  return {
    faults: counts,
    violations: [...violations],
    acknowledged: acknowledged.length,
    looks,
    lateness: lateness as Found['lateness'],
  }
}
