import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { sqliteFleet } from 'nolater/sqlite'

const { FILE: file = 'reminders.db', PORT = '8001' } = process.env
const tables = new DatabaseSync(file)
tables.exec('CREATE TABLE IF NOT EXISTS reminder (person text, note text)')
tables.close()
const fleet = await sqliteFleet({
  file,
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
createServer(async (request, response) => {
  const [person = '', note = '', ms] = decodeURI(`${request.url}`).slice(1).split('/')
  await fleet.call(person, 'remind', { note, ms: Number(ms) })
  response.end('It is durable.\n')
}).listen(Number(PORT))
process.once('SIGTERM', () => fleet.close().then(() => process.exit()))
