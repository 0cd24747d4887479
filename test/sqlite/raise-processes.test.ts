import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { awaitProcess } from '../../examples/processes/await-process.ts'
import { SEQUENCES as EPOCH } from '../../src/vocabulary/fence.ts'
import { settled } from '../manager-contract.ts'
import { newFile, newManager } from './files.ts'

const program = fileURLToPath(new URL('./raising-process.ts', import.meta.url))
let children: ChildProcess[] = []

afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  children = []
})

/** A process that has opened the actor, and what it answers to a time. */
async function openOwner(file: string, alarms: string) {
  const child = spawn(process.execPath, ['--no-warnings', program, file, alarms])
  children.push(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async () => String((await lines.next()).value)
  const opened = await awaitProcess(child, 'that it opens the actor', line(), 20_000)
  return {
    opened,
    set(time: number) {
      child.stdin.write(`${time}\n`)
      return awaitProcess(child, `what came of ${time}`, line(), 20_000)
    },
  }
}

describe('two processes with the same actor open, whose manager remembers a higher fence', () => {
  it('both try to raise the epoch: the newest owner wins, and only that', { timeout: 60_000 }, async () => {
    for (const first of ['zombie', 'owner', 'both at once']) {
      const file = newFile()
      const alarms = newFile()
      const manager = newManager({ file: alarms })
      const later = Date.now() + 3_600_000
      const held = { key: 'a', move: 'later', fence: 5 * EPOCH + 3, attempt: 1 } as const
      await settled(manager.write('a', later, held))
      const zombie = await openOwner(file, alarms)
      const owner = await openOwner(file, alarms)
      expect([zombie.opened, owner.opened]).toEqual(['open 1', 'open 2'])
      const sets = [() => zombie.set(later + 1), () => owner.set(later + 2)]
      const answers =
        first === 'both at once'
          ? await Promise.all(sets.map((set) => set()))
          : first === 'zombie'
            ? [await sets[0]!(), await sets[1]!()]
            : [await sets[1]!(), await sets[0]!()].reverse()
      expect([first, ...answers]).toEqual([first, 'ALARM_FENCED', 'kept'])
      expect(manager.get('a')).toBe(later + 2)
    }
  })
})
