import { examineManager } from './examine-manager.ts'
import { examineStore } from './examine-store.ts'
import type { Finding } from './finding.ts'
import type { Pace } from './pace.ts'
import type { ManagerPatient, StorePatient } from './patient.ts'

/** Examines a manager, and its stores beside it, some rows at a time. Nothing is changed but by what a finding's `repair` does. */
export async function* examine(
  manager: ManagerPatient,
  stores: readonly StorePatient[],
  pace: Pace,
): AsyncGenerator<Finding> {
  let isReadable = manager.reader !== null
  for await (const finding of manager.damage(pace)) {
    if (finding.code === 'ROW_UNREADABLE' || finding.code === 'FILE_DAMAGED') isReadable = false
    yield await withStore(finding, manager, stores, pace)
  }
  for (const store of stores) {
    yield* store.damage()
    await pace(0)
  }
  if (manager.reader === null || !isReadable) return
  yield* examineManager(manager.reader, manager.surgery)
  for (const store of stores) yield* examineStore(store, manager.copiesOf, pace)
}

/** What a manager cannot read any more, a store may know. */
async function withStore(
  finding: Finding,
  manager: ManagerPatient,
  stores: readonly StorePatient[],
  pace: Pace,
): Promise<Finding> {
  const { code, key } = finding
  if (code !== 'ROW_UNREADABLE' || key === null) return finding
  for (const store of stores) {
    await pace(0)
    if ((await store.read([key])).length === 0) continue
    return {
      ...finding,
      advice: 'put what the store holds in its place, and open the actor, which writes it',
      repair: async () => {
        const [stored] = await store.read([key])
        if (stored === undefined || !(await manager.replace(key, stored.alarm))) return false
        await store.open(key)
        return true
      },
    }
  }
  return finding
}
