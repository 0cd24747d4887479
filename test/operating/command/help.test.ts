import { describe, expect, it } from 'vitest'
import { manual } from '../../../src/operating/command/manual.ts'
import { newFile } from '../../sqlite/files.ts'
import { run } from './run.ts'

const commands = Object.keys(manual)
const helpOf = async (...words: string[]): Promise<string> => (await run(['help', ...words])).out
const optionsOf = (text: string): string[] =>
  [...text.matchAll(/--([a-z]+)/g)].map(([, name]) => name as string)

describe('the help of all', () => {
  it('has each command as its own help has it, and its options', async () => {
    const all = await helpOf()
    for (const command of commands) {
      const call = manual[command]!.calls.map((line) => `  ${line}\n`).join('')
      expect(all).toContain(call)
      expect(await helpOf(command)).toContain(call)
    }
  })

  it('fits 80 columns', async () => {
    expect((await helpOf()).split('\n').filter((line) => line.length > 80)).toEqual([])
  })
})

describe.each(commands)('the help of %s', (command) => {
  it('says how it is called, what it takes and changes, an example, and its exit codes, in 80 columns', async () => {
    const { calls, takes } = manual[command]!
    const text = await helpOf(command)
    expect(text).toMatch(new RegExp(`^nolater ${command}: \\w`))
    for (const name of [...optionsOf(calls.join()), ...Object.keys(takes), 'json', 'schema'])
      expect(text).toMatch(new RegExp(`^  --${name} .* {2,}\\w`, 'm'))
    expect(text).toMatch(/^It changes \w/m)
    expect(text).toMatch(new RegExp(`^Example: nolater ${command} [\\w:/]`, 'm'))
    expect(text).toMatch(/^Exit: 0 done;.* 2 a wrong call;\n {6}3 the target cannot be opened, or failed\n$/m)
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([])
  })

  it('says nothing of what it does not take', async () => {
    const [target, words] = [newFile(), ['k', '2030-01-31T12:00:00Z'].slice(0, manual[command]!.words[0])]
    for (const name of ['state', 'watch', 'fence', 'all', 'fix', 'port']) {
      if (name in manual[command]!.takes) continue
      expect(await helpOf(command)).not.toMatch(new RegExp(`^  --${name}`, 'm'))
      const given = ['state', 'fence', 'port'].includes(name) ? [`--${name}=1`] : [`--${name}`]
      expect((await run([command, target, ...words, ...given])).said).toContain(
        `${command} has no --${name}.`,
      )
    }
  })

  it('has an example that can be called', async () => {
    const [, ...words] = /^Example: nolater (.*)$/m.exec(await helpOf(command))![1]!.split(' ')
    // That there is no such file is said after all else.
    const { said } = await run([command, newFile(), ...words.slice(1)])
    expect(said).toContain('There is no file')
  })
})

describe('the help', () => {
  it('says of list which states there are', async () => {
    expect(await helpOf('list')).toContain('\nSTATE: pending, due, delivering, backing-off, failed\n')
    expect(await helpOf('stats')).not.toContain('STATE')
  })

  it('says when a command exits with 1, of those that do', async () => {
    const exits = async (command: string) => /^Exit:.*/m.exec(await helpOf(command))![0]
    expect(await exits('pause')).toBe('Exit: 0 done; 1 it was paused already; 2 a wrong call;')
    expect(await exits('stats')).toBe('Exit: 0 done; 2 a wrong call;')
  })
})
