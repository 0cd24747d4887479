import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { freePort } from './free-port.ts'

/** A redis-server on a loopback port. */
export interface RedisServer {
  readonly pid: number
  readonly connection: { readonly host: string; readonly port: number }
  close(): Promise<void>
}

/** Needs redis-server on the PATH. `fsync` is its appendfsync: `everysec` as it comes, `always` before it answers. */
export async function serveRedis(directory: string, fsync: 'everysec' | 'always'): Promise<RedisServer> {
  const connection = { host: '127.0.0.1', port: await freePort() }
  const options = {
    bind: connection.host,
    port: connection.port,
    dir: directory,
    save: '',
    appendonly: 'yes',
    appendfsync: fsync,
  }
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const server = spawn('redis-server', args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const exit = once(server, 'exit')
  await Promise.race([
    isReady(connection),
    exit.then(([code]) => Promise.reject(new Error(`redis-server ended with ${code}.`))),
    once(server, 'error').then(([error]) => Promise.reject(error)),
  ])
  return {
    pid: server.pid as number,
    connection,
    async close() {
      server.kill()
      await exit
    },
  }
}

/** It answers once it has read its file: until then it refuses, first connections and then commands. */
async function isReady(connection: RedisServer['connection']): Promise<void> {
  const client = new Redis({ ...connection, maxRetriesPerRequest: null, retryStrategy: () => 50 })
  client.on('error', () => {}) // not there yet
  await client.ping()
  client.disconnect()
}
