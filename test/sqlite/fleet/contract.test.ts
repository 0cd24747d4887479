import { DatabaseSync } from 'node:sqlite'
import { sqliteFleet } from 'nolater/sqlite'
import { describeFleet } from '../../fleet-contract/describe-fleet.ts'
import type { FleetDatabase } from '../../fleet-contract/rig.ts'
import { newFile } from '../files.ts'

async function database(): Promise<FleetDatabase> {
  const file = newFile()
  const outside = new DatabaseSync(file)
  outside.exec('CREATE TABLE item (actor TEXT, name TEXT)')
  return {
    open: (options) => sqliteFleet({ file, ...options }),
    items: async () =>
      outside.prepare('SELECT actor, name FROM item ORDER BY rowid').all() as {
        actor: string
        name: string
      }[],
    end: async () => outside.close(),
  }
}

describeFleet('sqliteFleet', database)
