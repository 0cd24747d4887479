// Starts a PostgreSQL with its database in a folder, says where it is, and stays until it is killed or told how to end.
import { startPostgres } from '../../examples/postgres-server/start.ts'

const { folder } = await startPostgres({ settings: ['fsync=off'], data: process.argv[2]! })
process.on('message', (how) => {
  if (how === 'exit') process.exit(3)
  throw new Error('nothing catches this')
})
process.on('disconnect', () => process.exit())
process.send?.(folder)
