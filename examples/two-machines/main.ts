// Two processes that both believe to own one actor. Usage: node examples/two-machines/main.ts [connection string]
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { postgresManager } from 'nolater/postgres'
import pg from 'pg'
import { awaitProcess } from '../processes/await-process.ts'
import { findServer } from './server.ts'

const server = await findServer(process.argv[2])
const schema = `two_machines_${process.pid}`
const pool = new pg.Pool({ connectionString: server.url })
const manager = postgresManager({ pool, schema })
await manager.ready()
await pool.query(`CREATE TABLE ${schema}.note (note text)`)

/** A machine: does what it is told, and is heard until it has said something. */
function machine(name: string) {
  const child = fork(fileURLToPath(new URL('machine.ts', import.meta.url)), [server.url, schema], {
    execArgv: process.execArgv,
  })
  const said: string[] = []
  let hear = (): unknown => undefined
  child.on('message', (what: string) => {
    console.log(`${name} ${what.replace(/\d{13}/, (time) => `${Number(time) - start} ms`)}`)
    said.push(what)
    hear()
  })
  return {
    tell: (...order: unknown[]) => child.send(order),
    async hears(what: string) {
      const awaited = new Promise<void>((resolve) => {
        hear = () => said.some((each) => each.includes(what)) && resolve()
        hear()
      })
      await awaitProcess(child, `to say "${what}"`, awaited)
      said.length = 0
    },
    kill: () => child.kill('SIGKILL'),
  }
}

const start = Date.now()
const [a, b] = [machine('A'), machine('B')]

a.tell('open')
await a.hears('owns')
a.tell('note', 'tea', start + 60_000)
await a.hears('noted')

// Somebody takes A for dead, which it is not.
b.tell('open')
await b.hears('owns')
const due = Date.now() + 1_000
b.tell('slow')
b.tell('note', 'tea at once', due)
await b.hears('noted')

// A knows nothing of it. Neither its state nor its alarm may get through: the alarm would be a minute late.
a.tell('note', 'coffee', start + 120_000)
await a.hears('could not')

// B dies in the middle of its handler. The alarm is not lost: it comes back when the lease of B has ended.
await b.hears('was woken')
b.kill()
console.log('B is killed')
a.tell('open')
await a.hears('done')
const late = Date.now() - due

const { rows } = await pool.query(`SELECT note FROM ${schema}.note ORDER BY 1`)
console.log(`noted: ${rows.map(({ note }) => note).join(', ')}; alarm: ${await manager.get('42')}`)
console.log(late < 30_000 ? 'nothing is lost' : `the alarm was ${late} ms late`)

a.kill()
await manager.close()
await pool.query(`DROP SCHEMA ${schema} CASCADE`)
await pool.end()
await server.stop()
