// Takes an alarm, says so, and never answers.
import { postgresManager } from 'nolater/postgres'
import { NEVER } from 'rxjs'

const [, , connectionString, schema, lease] = process.argv as [string, string, string, string, string]
postgresManager({ connectionString, schema, lease: Number(lease) })
  .deliveries(({ key }) => {
    process.send?.(key)
    return NEVER
  })
  .subscribe()

// It ends with its parent, however that ends.
process.on('disconnect', () => process.exit())
