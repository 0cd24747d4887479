import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Subject } from 'rxjs'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { KeyedEvent } from '../../../src/index.ts'
import { recordJournal } from '../../../src/sqlite/index.ts'
import { newFile, newManager } from '../../sqlite/files.ts'
import { run } from './run.ts'

const HOUR = 3_600_000

/** A file with an alarm. */
async function target(): Promise<string> {
  const file = newFile()
  const manager = newManager({ file })
  const info = { key: 'a', move: 'later', fence: 1, attempt: 1 } as const
  await manager.write('a', Date.now() + HOUR, info)
  return file
}

/** Starts it; what it printed, and how to end it. */
async function start(...words: string[]) {
  return startIn({}, ...words)
}

async function startIn(env: Readonly<Record<string, string>>, ...words: string[]) {
  const stop = new AbortController()
  let said = ''
  let print = (_: string): void => {}
  const printed = new Promise<string>((resolve) => {
    print = resolve
  })
  const ended = run(['ui', ...words], {
    signal: stop.signal,
    env,
    out: (text) => print(text),
    say(text) {
      said += text
    },
  })
  const end = () => {
    stop.abort()
    return ended
  }
  onTestFinished(async () => {
    await end()
  })
  const url = await Promise.race([printed, ended.then(() => said)])
  return { url: url.trim(), said: () => said, end }
}

async function fetched(url: string): Promise<Record<string, unknown>> {
  return (await (await fetch(url)).json()) as Record<string, unknown>
}

describe('nolater ui', () => {
  it('serves the page to this machine, only to be read, and ends when it is stopped', async () => {
    const file = await target()
    const { url, said, end } = await start(file, '--port', '0')
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/)
    expect(said()).toContain('It only reads.')
    const html = await (await fetch(url)).text()
    expect(html).toContain('data-can=""')
    expect(html).toContain(`data-name="${file}"`)
    expect((await fetched(`${url}list`)).alarms).toMatchObject([{ key: 'a', state: 'pending' }])
    expect(await (await fetch(`${url}pause`, { method: 'POST' })).text()).toContain('only reads')
    // A page that is open does not hold it up.
    const live = await fetch(`${url}live`)
    expect(await end()).toMatchObject({ code: 0 })
    await expect(live.text()).rejects.toThrow()
    await expect(fetch(url)).rejects.toThrow()
  })

  it('lets change what is delivered where that is asked for', async () => {
    const { url, said } = await start(await target(), '--port', '0', '--change')
    expect(said()).toContain('It may change what is delivered.')
    const [, csrf = ''] = /data-csrf="([^"]+)"/.exec(await (await fetch(url)).text())!
    const { status } = await fetch(`${url}pause`, {
      method: 'POST',
      headers: { origin: new URL(url).origin, 'content-type': 'application/json', 'x-nolater': csrf },
      body: '{"scope":{}}',
    })
    expect(status).toBe(200)
    expect((await fetched(`${url}stats`)).paused).toEqual([{ prefix: '' }])
  })

  it('asks other machines for a token, which it makes where none is given', async () => {
    const file = await target()
    const { url } = await start(file, '--port', '0', '--host', '0.0.0.0')
    const { hostname, searchParams, port } = new URL(url)
    expect(hostname).not.toMatch(/^(0\.0\.0\.0|127\.|localhost)/)
    expect((await fetch(`http://${hostname}:${port}/`)).status).toBe(401)
    expect(searchParams.get('token')).toMatch(/^[\w-]{32}$/)
    const own = `http://127.0.0.1:${port}/`
    expect((await fetch(own)).status).toBe(401)
    expect((await fetch(`${own}?${searchParams}`, { redirect: 'manual' })).status).toBe(303)
    const other = await start(file, '--port', '0', '--host', '0.0.0.0')
    expect(new URL(other.url).searchParams.get('token')).not.toBe(searchParams.get('token'))
  })

  it('takes the token that it is given, on this machine, too', async () => {
    const token = 'a token of sixteen & more'
    const { url } = await start(await target(), '--port', '0', '--host', 'localhost', '--token', token)
    expect(new URL(url).searchParams.get('token')).toBe(token)
    expect((await fetch(new URL('/', url))).status).toBe(401)
    expect((await fetch(url, { redirect: 'manual' })).status).toBe(303)
  })

  it('takes it from the environment, where no list of processes shows it', async () => {
    const env = { NOLATER_TOKEN: 'a-token-of-the-environment' }
    const { url } = await startIn(env, await target(), '--port', '0')
    expect(new URL(url).searchParams.get('token')).toBe(env.NOLATER_TOKEN)
    const given = await startIn(env, await target(), '--port', '0', '--token', 'a token of sixteen & more')
    expect(new URL(given.url).searchParams.get('token')).toBe('a token of sixteen & more')
  })

  it('draws the last events of an actor from a journal', async () => {
    const journal = newFile()
    const events$ = new Subject<KeyedEvent>()
    const recording = recordJournal({ events$ }, { file: journal })
    events$.next({ at: 1, key: 'a', kind: 'commit-issued', time: 5 })
    await recording.close()
    const { url } = await start(await target(), '--port', '0', '--journal', journal)
    expect((await fetched(`${url}timeline?key=a`)).text).toMatch(/^1 of 1 events/)
    const { url: without } = await start(await target(), '--port', '0')
    expect((await fetch(`${without}timeline?key=a`)).status).toBe(404)
  })

  it('prints its URL for scripts', async () => {
    const { url, said } = await start(await target(), '--port', '0', '--json')
    expect(JSON.parse(url)).toEqual({ url: expect.stringMatching(/^http:\/\/127/) })
    expect(said()).toBe('')
  })

  it('says what is wrong, and serves nothing', async () => {
    const taken = createServer()
    taken.listen(0, '127.0.0.1')
    onTestFinished(() => void taken.close())
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const file = await target()
    const wrong: [string[], number, RegExp][] = [
      [[file, '--port', `${port}`], 2, /is taken: --port 0/],
      [[file, '--port', '65536'], 2, /at most 65535/],
      [[file, '--port', 'x'], 2, /whole number/],
      [[file, '--token', 'short'], 2, /^nolater: A token has 16 characters or more .*; given 5\./],
      [[file, '--limit', '1'], 2, /ui has no --limit/],
      [[newFile()], 3, /There is no file/],
      [[newFile(), '--change'], 3, /There is no file/],
      [[file, '--journal', newFile()], 3, /There is no file/],
      [[file, '--journal', file], 3, /is not one of journals/],
    ]
    for (const [words, code, message] of wrong) {
      expect(await run(['ui', ...words])).toMatchObject({
        code,
        out: '',
        said: expect.stringMatching(message),
      })
    }
  })
})
