import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { memoryManager } from 'nolater'
import { expect, it, onTestFinished } from 'vitest'
import { openService } from '../../examples/guides/operators-page.ts'

it('the page of the guide is behind the login of its service, by the name of that', async () => {
  const server = openService(memoryManager(), (cookie) => cookie === 'operator=1')
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const ask = (path: string, cookie = '') =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = { host: 'shop.example', cookie }
      request({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
        resolve(response.resume().statusCode)
      })
        .on('error', reject)
        .end()
    })
  expect(await ask('/')).toBe(200)
  expect(await ask('/alarmsstats')).toBe(200)
  for (const [path, status] of [
    ['/alarms/', 200],
    ['/alarms/stats', 200],
    ['/alarms', 308],
  ] as const) {
    expect([path, await ask(path)]).toEqual([path, 401])
    expect([path, await ask(path, 'operator=1')]).toEqual([path, status])
  }
})
