import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { sqliteFleet } from 'nolater/sqlite'
import { afterEach, describe, expect, it } from 'vitest'
import { awaitProcess } from '../../../examples/processes/await-process.ts'
import { newFile } from '../files.ts'
import { bothFiles } from './both-files.ts'

const program = fileURLToPath(new URL('./dying-process.ts', import.meta.url))
const HOUR = 3_600_000
let children: ChildProcess[] = []

afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  children = []
})

/** A file with a table of what is wanted. */
function newActors(): string {
  const file = newFile()
  const db = new DatabaseSync(file)
  db.exec('CREATE TABLE state (actor TEXT PRIMARY KEY, n INTEGER, time INTEGER)')
  db.close()
  return file
}

function start(file: string, event: string, time = 0) {
  const child = spawn(process.execPath, ['--no-warnings', program, file, event, `${time}`])
  children.push(child)
  const errors: string[] = []
  child.stderr.on('data', (data) => errors.push(String(data)))
  const gone = awaitProcess(child, 'its end', once(child, 'close'), 120_000)
  return { child, errors, gone, lines: createInterface({ input: child.stdout }) }
}

async function dies(file: string, event: string, time: number): Promise<void> {
  const { gone, errors } = start(file, event, time)
  expect(await gone).toEqual([null, 'SIGKILL'])
  expect(errors.join('')).toBe('')
}

const stateIn = (file: string): unknown => {
  const files = bothFiles(file)
  const [state] = files.actors.prepare("SELECT n, time FROM state WHERE actor = 'a'").all()
  const seen = { ...state, stored: files.stored().get('a'), held: files.held().get('a'), late: files.late() }
  files.close()
  return seen
}

describe('a process that dies in a change', { timeout: 600_000 }, () => {
  it('leaves the manager early between the two commits, and state with alarm on either side', async () => {
    const file = newActors()
    const [first, earlier] = [Date.now() + 2 * HOUR, Date.now() + HOUR]
    await dies(file, 'never', first)
    const before = { n: 1, time: first, stored: first, late: [] }
    expect(stateIn(file)).toEqual({ ...before, held: first })
    await dies(file, 'write-issued', earlier)
    expect(stateIn(file)).toEqual({ ...before, held: first })
    await dies(file, 'write-acknowledged', earlier)
    expect(stateIn(file)).toEqual({ ...before, held: earlier })

    const fleet = await sqliteFleet({ file, handler: () => [] })
    expect(await fleet.change('a', (_, alarm) => alarm.time)).toBe(first)
    await fleet.close()
    expect(stateIn(file)).toEqual({ ...before, held: first })
    await dies(file, 'commit-acknowledged', earlier)
    expect(stateIn(file)).toEqual({ n: 2, time: earlier, stored: earlier, held: earlier, late: [] })
  })

  it('loses nothing that was answered, whenever it is killed', async () => {
    const file = newActors()
    for (let round = 0; round < 6; round++) {
      const { child, gone, lines, errors } = start(file, 'at random')
      const answered = new Map<string, number>()
      let left = 5 + Math.floor(Math.random() * 200)
      lines.on('line', (line) => {
        const [key = '', n] = line.split(' ')
        answered.set(key, Number(n))
        if (--left === 0) child.kill('SIGKILL')
      })
      expect(await gone).toEqual([null, 'SIGKILL'])
      expect(errors.join('')).toBe('')
      const files = bothFiles(file)
      const state = new Map(
        files.actors
          .prepare('SELECT actor, n, time FROM state')
          .all()
          .map(({ actor, ...rest }) => [actor as string, rest as { n: number; time: number }]),
      )
      expect(files.late()).toEqual([])
      expect(new Map([...state].map(([key, { time }]) => [key, time]))).toEqual(files.stored())
      for (const [key, n] of answered) expect(state.get(key)?.n).toBeGreaterThanOrEqual(n)
      expect(answered.size).toBe(4)
      files.close()
    }
  })
})
