import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterAll, expect } from 'vitest'
import { awaitProcess } from '../../examples/processes/await-process.ts'
import { until } from '../postgres/rig.ts'

export interface ReminderService {
  /** what it answers, for ana if for nobody else */
  put(name: string, at: number, who?: string): Promise<number>
  names(who?: string): Promise<string[]>
  /** the next reminder that it sends */
  sent(): Promise<unknown>
  kill(): Promise<void>
  /** what it exits with when its input ends */
  end(): Promise<unknown>
}

const LIMIT = 40_000 // ms for anything that it says

const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
})

/** A reminder service as a process, on the sources. */
export async function startService(
  example: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<ReminderService> {
  const child = spawn(
    process.execPath,
    ['--import', './test/run-sources.mjs', `examples/reminders/${example}`, ...args],
    { env: { ...process.env, ...env } },
  )
  children.push(child)
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const gone = once(child, 'exit')
  const line = async (what: string): Promise<string> =>
    String((await awaitProcess(child, what, lines.next(), LIMIT)).value)
  const address = await line('its address')
  const reminders = (who = 'ana'): string => `${address}/people/${who}/reminders`
  return {
    async put(name, at, who) {
      const body = JSON.stringify({ at, text: name })
      return (await fetch(`${reminders(who)}/${name}`, { method: 'PUT', body })).status
    },
    async names(who) {
      const list = (await (await fetch(reminders(who))).json()) as { name: string }[]
      return list.map(({ name }) => name)
    },
    sent: async () => JSON.parse(await line('a reminder')),
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
    async end() {
      child.stdin.end()
      return (await awaitProcess(child, 'its end', gone, LIMIT))[0]
    },
  }
}

/** Kills it between the answer to a PUT and the reminder; started again, it sends it. */
export async function killAndStartAgain(
  start: () => Promise<ReminderService>,
  before: (service: ReminderService) => Promise<void> = async () => {},
): Promise<void> {
  const first = await start()
  await before(first)
  // Far away, and then near: whatever the process does when it is killed, this one is due for the next.
  expect(await first.put('far', Date.now() + 3_600_000)).toBe(201)
  expect(await first.put('near', Date.now() + 1_500)).toBe(201)
  await first.kill()

  const second = await start()
  expect(await second.sent()).toEqual({ who: 'ana', name: 'near', text: 'near' })
  expect(
    await until(
      () => second.names(),
      (names) => names.length === 1,
    ),
  ).toEqual(['far'])
  expect(await second.end()).toBe(0)
}
