// Commits one thing with its alarm, and says so in the middle of the next.
import { postgresManager, postgresStore } from 'nolater/postgres'

const [, , connectionString, schema] = process.argv as [string, string, string, string]
process.on('disconnect', () => process.exit()) // it ends with its parent, however that ends
const manager = postgresManager({ connectionString, schema })
const store = await postgresStore({ key: '42', manager })
const insert = `INSERT INTO "${schema.replaceAll('"', '""')}".job (name) VALUES ($1)`
await store.commitWith(async (client) => {
  await client.query(insert, ['committed'])
  store.alarm.set(5e12)
})
await store.commitWith(async (client) => {
  await client.query(insert, ['lost with its process'])
  store.alarm.delete()
  process.send?.('in the middle')
  await new Promise(() => {})
})
