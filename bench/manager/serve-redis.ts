import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { awaitProcess } from '../../examples/processes/await-process.ts'
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
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const leave = (): void => void server.kill('SIGKILL')
  process.on('exit', leave)
  const exit = once(server, 'exit')
  exit.catch(() => {}) // what waits for its answer says it
  const client = new Redis({ ...connection, maxRetriesPerRequest: null, retryStrategy: () => 50 })
  client.on('error', () => {}) // not there yet
  try {
    // It answers once it has read its file: until then it refuses, first connections and then commands.
    await awaitProcess(server, 'that it answers', client.ping(), 120_000)
  } finally {
    client.disconnect()
  }
  return {
    pid: server.pid as number,
    connection,
    async close() {
      server.kill()
      await awaitProcess(server, 'its end', exit)
      process.off('exit', leave)
    },
  }
}
