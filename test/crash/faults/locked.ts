import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { actorFile, managerFile } from '../plan.ts'
import { type Fault, pick } from './fault.ts'

/** Somebody else holds a database locked, longer than anybody waits for it: the manager's, or an actor's. */
export const locked: Fault = {
  name: 'locked database',
  bite: /ALARM_STORAGE_LOCKED/,
  begin({ plan, chance }) {
    const actor = actorFile(plan, pick(chance, plan.actors))
    const file = chance() < 0.5 && existsSync(actor) ? actor : managerFile(plan)
    const db = new DatabaseSync(file, { timeout: 20_000 })
    try {
      db.exec('BEGIN EXCLUSIVE')
    } catch {
      db.close()
      return null // somebody was faster all the time
    }
    return () => {
      db.exec('ROLLBACK')
      db.close()
    }
  },
}
