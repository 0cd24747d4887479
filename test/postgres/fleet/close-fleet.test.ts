import { Observable } from 'rxjs'
import { expect, it } from 'vitest'
import { closeFleet } from '../../../src/postgres/fleet/close-fleet.ts'
import { turns } from '../../virtual-clock.ts'

/** What is closed, each part of which ends when the test says so. */
function rig() {
  const log: string[] = []
  const waiting = new Map<string, { end(): void; fail(error: unknown): void }>()
  const begun = (name: string): Promise<void> => {
    log.push(name)
    return new Promise((resolve, reject) => waiting.set(name, { end: () => resolve(), fail: reject }))
  }
  const closing = closeFleet({
    changes: { refuse: (error) => void log.push(`refuses changes: ${error.code}`) },
    ownership: { leave: () => begun('leaves its shards') },
    open: new Set([{ drain: () => begun('drains one') }, { drain: () => begun('drains another') }]),
    engine: {
      refuse: () => void log.push('refuses the engine'),
      flush: () =>
        new Observable((subscriber) => {
          begun('flushes').then(
            () => subscriber.complete(),
            (error) => subscriber.error(error),
          )
        }),
      close: () => void log.push('closes the engine'),
    },
    stop: () => void log.push('stops'),
    letGo: () => begun('lets go'),
  })
  async function end(name: string): Promise<void> {
    waiting.get(name)?.end()
    await turns(1)
  }
  return { log, closing, end, waiting }
}

it('closes one part when the part before it has ended', async () => {
  const { log, closing, end } = rig()
  let isClosed = false
  const closed = closing.close().then(() => (isClosed = true))
  const seen = ['refuses changes: ALARM_CLOSED', 'leaves its shards']
  await turns(1)
  expect(log).toEqual(seen)
  await end('leaves its shards')
  seen.push('drains one', 'drains another')
  expect(log).toEqual(seen)
  await end('drains one')
  expect(log).toEqual(seen)
  await end('drains another')
  seen.push('refuses the engine', 'flushes')
  expect(log).toEqual(seen)
  await end('flushes')
  seen.push('stops', 'closes the engine', 'lets go')
  expect(log).toEqual(seen)
  expect(isClosed).toBe(false)
  await end('lets go')
  await closed
})

it('lets go of all where its shards cannot be given back, and says why', async () => {
  const { log, closing, end, waiting } = rig()
  const closed = closing.close().catch((error) => error)
  await turns(1)
  waiting.get('leaves its shards')?.fail(new RangeError('away'))
  await turns(1)
  await end('lets go')
  expect(await closed).toBeInstanceOf(RangeError)
  expect(log.slice(2)).toEqual(['stops', 'closes the engine', 'lets go'])
})
