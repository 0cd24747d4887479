import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

/**
 * A port of the loopback on which nothing listens now. It is none of those that the system gives to clients: a client that connects again
 * and again to a server that is away could get the server's own port, and be connected with itself.
 */
export async function freePort(attempts = 50): Promise<number> {
  const port = 10_000 + Math.floor(Math.random() * (firstOfClients() - 10_000))
  if ((await isFree(port)) || attempts <= 1) return port
  return freePort(attempts - 1)
}

function firstOfClients(): number {
  try {
    const first = Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10)
    return first > 11_000 ? first : 32_768
  } catch {
    return 32_768 // where the system does not tell
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
