import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryManager } from 'nolater'
import { virtualClock } from 'nolater/marbles'
import { sqliteStore } from 'nolater/sqlite'
import { EMPTY, type Observable, type ObservableInput, of, Subject, throwError } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reminderServer } from '../../examples/reminders/http.ts'
import type { Outlet } from '../../examples/reminders/person.ts'
import { openReminders, type Reminders } from '../../examples/reminders/reminders.ts'
import { sqlitePerson } from '../../examples/reminders/sqlite-person.ts'
import { newFile } from '../sqlite/files.ts'
import { killAndStartAgain, startService } from './reminder-service.ts'

function stage(send: (name: string) => ObservableInput<unknown> = () => EMPTY) {
  const clock = virtualClock()
  const manager = memoryManager({ scheduler: clock })
  const files = new Map<string, string>()
  const sent: string[] = []
  let isFull = false
  const outlet: Outlet = {
    send(who, { name, text }) {
      sent.push(`${who} ${name} ${text} ${clock.now()}`)
      return send(name)
    },
    giveUp: (who, { name }) => of(sent.push(`${who} ${name} given up`)),
  }
  const start = (): Reminders => {
    const reminders = openReminders({
      manager,
      openPerson(who) {
        const file = files.get(who) ?? newFile()
        files.set(who, file)
        const replicate = () => (isFull ? throwError(() => new Error('full')) : EMPTY)
        const store = sqliteStore({ file, key: who, manager, scheduler: clock, replicate })
        return of(sqlitePerson({ who, store, outlet, scheduler: clock }))
      },
    })
    reminders.deliveries$.subscribe()
    return reminders
  }
  const fill = (full: boolean): void => {
    isFull = full
  }
  return { clock, sent, start, fill }
}

function watch<T>(values$: Observable<T>): unknown[] {
  const seen: unknown[] = []
  values$.subscribe({ next: (value) => seen.push(value), error: (error) => seen.push(error.code) })
  return seen
}

describe('reminders', () => {
  it('are sent in time, whoever has how many, and forgotten', async () => {
    const { clock, sent, start } = stage()
    const { set, list, cancel } = start()
    set('ana', { name: 'tea', at: 30, text: 'drink' }).subscribe()
    set('ana', { name: 'bus', at: 10, text: 'run' }).subscribe()
    set('ana', { name: 'nap', at: 20, text: 'sleep' }).subscribe()
    set('ben', { name: 'tea', at: 15, text: 'brew' }).subscribe()
    expect(watch(cancel('ana', 'nap'))).toEqual([true])
    expect(watch(cancel('ana', 'nap'))).toEqual([false])
    await clock.advanceAsync(12)
    expect(watch(list('ana'))).toEqual([[{ name: 'tea', at: 30, text: 'drink' }]])
    await clock.advanceAsync(100)
    expect(sent).toEqual(['ana bus run 10', 'ben tea brew 15', 'ana tea drink 30'])
    expect(watch(list('ana'))).toEqual([[]])
  })

  it('wait for the one that fails no longer than it takes, and are given up in the end', async () => {
    const { clock, sent, start } = stage((name) =>
      name === 'bad' ? throwError(() => new Error('no')) : EMPTY,
    )
    const { set, list } = start()
    set('ana', { name: 'bad', at: 10, text: '' }).subscribe()
    set('ana', { name: 'good', at: 11, text: '' }).subscribe()
    await clock.advanceAsync(1_000_000)
    expect(sent.slice(0, 2)).toEqual(['ana bad  10', 'ana good  11'])
    expect(sent.slice(2, -1)).toHaveLength(6)
    expect(sent.at(-1)).toBe('ana bad given up')
    expect(watch(list('ana'))).toEqual([[]])
  })

  it('may be set anew while they are sent', async () => {
    const answer = new Subject<never>()
    const { clock, sent, start } = stage(() => (sent.length === 1 ? answer : EMPTY))
    const { set, list } = start()
    set('ana', { name: 'tea', at: 10, text: 'one' }).subscribe()
    await clock.advanceAsync(15)
    set('ana', { name: 'tea', at: 20, text: 'two' }).subscribe()
    answer.complete()
    expect(watch(list('ana'))).toEqual([[{ name: 'tea', at: 20, text: 'two' }]])
    await clock.advanceAsync(10)
    expect(sent).toEqual(['ana tea one 10', 'ana tea two 20'])
  })

  it('change nothing when they are refused', () => {
    const { start } = stage()
    const { set, list } = start()
    expect(watch(set('ana', { name: 'tea', at: 1.5, text: '' }))).toEqual(['ALARM_TIME_INVALID'])
    expect(watch(set('ana', { name: 'x'.repeat(1_020), at: 1, text: '' }))).toEqual(['ALARM_KEY_INVALID'])
    expect(watch(list('ana'))).toEqual([[]])
  })

  it('go on once their store does', () => {
    const { start, fill } = stage()
    const { set, list } = start()
    set('ana', { name: 'tea', at: 10, text: '' }).subscribe()
    fill(true)
    expect(watch(set('ana', { name: 'bus', at: 20, text: '' }))).toEqual(['ALARM_COMMIT_FAILED'])
    fill(false)
    // What was refused may be there: the disk had it, the replica had not.
    expect(watch(list('ana'))).toMatchObject([[{ name: 'tea' }, { name: 'bus' }]])
    const nap = { name: 'nap', at: 20, text: '' }
    expect(watch(set('ana', nap))).toEqual([nap])
  })
})

describe('a person who cannot be opened', () => {
  it('is tried again when somebody asks again, and forgotten meanwhile', async () => {
    let tries = 0
    const { list, close } = openReminders({
      manager: memoryManager(),
      openPerson: () => throwError(() => ({ code: ++tries })),
    })
    expect(watch(list('ana'))).toEqual([1])
    expect(watch(list('ana'))).toEqual([2])
    await close()
    expect(tries).toBe(2)
  })
})

describe('reminders over HTTP', () => {
  let server: Server
  let reminders: Reminders
  beforeAll(async () => {
    reminders = stage().start()
    server = reminderServer(reminders).listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterAll(() => {
    server.close()
    return reminders.close()
  })

  async function ask(method: string, path: string, body?: string): Promise<[number, unknown]> {
    const { port } = server.address() as AddressInfo
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      ...(body !== undefined && { body }),
    })
    const text = await response.text()
    return [response.status, text === '' ? undefined : JSON.parse(text)]
  }

  it('are set, listed and cancelled', async () => {
    const tea = { name: 'tea & toast', at: 1893456000000, text: 'drink' }
    const body = JSON.stringify({ at: '2030-01-01T00:00:00Z', text: 'drink' })
    expect(await ask('PUT', '/people/ana/reminders/tea%20%26%20toast', body)).toEqual([201, tea])
    expect(await ask('GET', '/people/ana/reminders')).toEqual([200, [tea]])
    expect(await ask('DELETE', '/people/ana/reminders/tea%20%26%20toast')).toEqual([204, undefined])
    expect(await ask('DELETE', '/people/ana/reminders/tea%20%26%20toast')).toEqual([404, undefined])
    expect(await ask('GET', '/people/ana/reminders')).toEqual([200, []])
  })

  it.each<[string, number, string, string, string?]>([
    ['an unknown path', 404, 'GET', '/'],
    ['an unknown method', 405, 'GET', '/people/ana/reminders/tea'],
    ['a path that is not UTF-8', 400, 'PUT', '/people/%ff/reminders/tea', '{}'],
    ['no JSON', 400, 'PUT', '/people/ana/reminders/tea', '{'],
    ['no object', 400, 'PUT', '/people/ana/reminders/tea', 'null'],
    ['no text', 400, 'PUT', '/people/ana/reminders/tea', '{"at": 5}'],
    ['no time', 400, 'PUT', '/people/ana/reminders/tea', '{"text": ""}'],
    ['a bad date', 400, 'PUT', '/people/ana/reminders/tea', '{"at": "soon", "text": ""}'],
    ['a bad time', 400, 'PUT', '/people/ana/reminders/tea', '{"at": -1, "text": ""}'],
    ['a name without end', 400, 'PUT', `/people/${'x'.repeat(1_025)}/reminders/tea`, '{"at": 5, "text": ""}'],
    ['a body without end', 413, 'PUT', '/people/ana/reminders/tea', 'x'.repeat(100_000)],
  ])('are refused with %s', async (_, status, method, path, body) => {
    const [code, answer] = await ask(method, path, body)
    expect(code).toBe(status)
    expect((answer as { message: string }).message).toMatch(/\w/)
  })
})

describe('the reminder service on SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reminders-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('loses no reminder that it has answered for, though it is killed', () =>
    killAndStartAgain(() => startService('on-sqlite.ts', [folder])))
})
