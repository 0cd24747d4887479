import { createServer } from 'node:http'
import { fleetHandler, forwardOverHttp, postgresFleet } from 'nolater/postgres'
import pg from 'pg'

const { DATABASE_URL: connectionString, PORT = '8001', SECRET = 'change me' } = process.env
const pool = new pg.Pool({ connectionString })
await pool.query('CREATE TABLE IF NOT EXISTS reminder (person text, note text)')
const fleet = await postgresFleet({
  pool,
  address: `http://127.0.0.1:${PORT}`,
  forward: forwardOverHttp({ headers: () => ({ secret: SECRET }) }),
  operations: {
    async remind(tx, alarm, { note, ms }: { note: string; ms: number }) {
      await tx.query('INSERT INTO reminder VALUES ($1, $2)', [alarm.key, note])
      alarm.setIn(ms) // in the same commit
    },
  },
  handler: ({ key }) =>
    fleet.change(key, async (tx) => {
      const { rows } = await tx.query('DELETE FROM reminder WHERE person = $1 RETURNING note', [key])
      for (const { note } of rows) console.log(`${PORT}: ${key}, ${note}`)
    }),
})
const others = fleetHandler(fleet, { authorize: ({ headers }) => headers.get('secret') === SECRET })
createServer(async (request, response) => {
  const [person = '', note = '', ms] = decodeURI(`${request.url}`).slice(1).split('/')
  if (person === 'nolater') return others(request, response)
  await fleet.call(person, 'remind', { note, ms: Number(ms) })
  response.end('It is durable.\n')
}).listen(Number(PORT))
process.once('SIGTERM', () => fleet.close().then(() => process.exit()))
