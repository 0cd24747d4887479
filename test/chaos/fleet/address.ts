import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** One address on loopback for a server that moves. */
export interface Address {
  readonly port: number
  /** Leads to another port from here on, and cuts what leads to the one before. */
  lead(port: number): void
  /** Nothing goes through for a while, and everything stays connected. */
  hold(ms: number): Promise<void>
  close(): void
}

export async function openAddress(port: number): Promise<Address> {
  const sockets = new Set<Socket>()
  let to = port
  let held: Promise<void> | null = null

  /** In order, also behind a hold. */
  function flow(from: Socket, into: Socket): void {
    let passing = Promise.resolve()
    const pass = (write: () => void): void => {
      passing = passing.then(() => held ?? undefined).then(write)
    }
    from.on('data', (data) => pass(() => into.write(data)))
    from.on('end', () => pass(() => into.end()))
    from.on('error', () => into.destroy())
    from.on('close', () => pass(() => into.destroy()))
    sockets.add(from)
    from.once('close', () => sockets.delete(from))
  }

  const listening = createServer({ allowHalfOpen: true }, (own) => {
    const other = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true })
    flow(own, other)
    flow(other, own)
  }).listen(0, '127.0.0.1')
  await once(listening, 'listening')

  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (listening.address() as AddressInfo).port,
    lead(next) {
      to = next
      cut()
    },
    async hold(ms) {
      held ??= sleep(ms).finally(() => {
        held = null
      })
      await held
    },
    close() {
      listening.close()
      cut()
    },
  }
}
