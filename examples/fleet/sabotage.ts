import { DatabaseSync } from 'node:sqlite'

/** Does what the library never does: moves one alarm later in the manager's file. To see that the checker would see it. */
export function sabotage(managerFile: string, end: number): void {
  const manager = new DatabaseSync(managerFile, { timeout: 2_000 })
  manager
    .prepare(
      `UPDATE alarm SET time = time + 3600000, due = due + 3600000
         WHERE key = (SELECT key FROM alarm WHERE time < ? ORDER BY time DESC LIMIT 1)`,
    )
    .run(end)
  manager.close()
}
