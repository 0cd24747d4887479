import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AlarmError } from 'nolater'
import { type FleetRequest, fleetHandler, forwardOverHttp } from 'nolater/postgres'
import { expect, it, onTestFinished } from 'vitest'

/** A server of Node that answers with the handler; `serve` does what is asked for. */
async function listen(serve: (request: FleetRequest) => Promise<unknown>, limit?: number): Promise<string> {
  const answer = fleetHandler(
    { serve },
    {
      authorize: (request) => request.headers.get('x-secret') === 'right',
      ...(limit !== undefined && { limit }),
    },
  )
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const headers = () => ({ 'x-secret': 'right' })
const ask = { key: 'a', operation: 'add', input: { name: 'tea' }, owner: 'a process' }

it('takes a request to another process, and its answer back', async () => {
  const seen: FleetRequest[] = []
  const address = await listen(async (request) => {
    seen.push(request)
    return { added: 1 }
  })
  const forward = forwardOverHttp({ headers })
  expect(await forward({ ...ask, address })).toEqual({ added: 1 })
  expect(await forward({ ...ask, id: 'x', address })).toEqual({ added: 1 })
  expect(seen).toEqual([ask, { ...ask, id: 'x' }])
})

it('brings back what it was refused with, and by which code', async () => {
  const address = await listen(async ({ key }) => {
    throw key === 'a'
      ? new AlarmError('ALARM_FENCED', 'It is another one’s.')
      : new RangeError('no such thing')
  })
  const forward = forwardOverHttp({ headers })
  await expect(forward({ ...ask, address })).rejects.toMatchObject({
    code: 'ALARM_FENCED',
    message: 'It is another one’s.',
  })
  await expect(forward({ ...ask, key: 'b', address })).rejects.toMatchObject({
    name: 'RangeError',
    message: 'no such thing',
  })
  await expect(forwardOverHttp()({ ...ask, address })).rejects.toMatchObject({
    code: 'ALARM_CONFIG_INVALID',
    message: expect.stringContaining('for processes of the fleet'),
  })
})

it('answers nothing else', async () => {
  const address = await listen(async () => 1, 100)
  const post = (path: string, body: string, more: RequestInit = {}) =>
    fetch(address + path, { method: 'POST', headers: headers(), body, ...more }).then(({ status }) => status)
  expect(await post('/nolater/change', JSON.stringify(ask))).toBe(200)
  expect(await post('/nolater/change', '{')).toBe(400)
  expect(await post('/nolater/change', '{"key":1,"operation":"add"}')).toBe(400)
  expect(await post('/nolater/change', JSON.stringify({ ...ask, input: 'x'.repeat(200) }))).toBe(413)
  expect(await post('/nolater/change', JSON.stringify(ask), { headers: {} })).toBe(403)
  expect(await post('/else', JSON.stringify(ask))).toBe(404)
  expect((await fetch(`${address}/nolater/change`, { headers: headers() })).status).toBe(404)
})

it('waits for no answer without an end, and refuses what could only wait', async () => {
  const address = await listen(() => new Promise(() => {}))
  const forward = forwardOverHttp({ headers, timeout: 100, concurrency: 1 })
  const first = forward({ ...ask, address })
  await expect(forward({ ...ask, address })).rejects.toMatchObject({
    message: expect.stringContaining('1 requests'),
  })
  await expect(first).rejects.toMatchObject({
    code: 'ALARM_STORAGE_UNREACHABLE',
    message: expect.stringContaining('it is not known whether'),
  })
})

it('takes for an answer only what a process of a fleet would say', async () => {
  const answers = ['<html>', '{}', 'null', '{"error":{"message":"a proxy"}}']
  const server = createServer((_, response) => void response.end(answers.shift()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/behind/`
  while (answers.length > 0)
    await expect(forwardOverHttp()({ ...ask, address })).rejects.toMatchObject({ passes: true })
})
