import { memoryManager, openAlarm, openFleet } from '../../src/index.ts'
import { sqliteManager, sqliteStores } from '../../src/sqlite/index.ts'
import { importPatched, type Patch } from '../explore/patch-engine.ts'

/** What a programme uses of the library: the sources, or a copy with a protection taken out. */
export interface Library {
  readonly openAlarm: typeof openAlarm
  readonly openFleet: typeof openFleet
  readonly memoryManager: typeof memoryManager
  readonly sqliteManager: typeof sqliteManager
  readonly sqliteStores: typeof sqliteStores
}

export const library: Library = { openAlarm, openFleet, memoryManager, sqliteManager, sqliteStores }

/** A copy of the library with some of its text replaced. */
export function patchedLibrary(patches: readonly Patch[]): Promise<Library> {
  return importPatched(patches, ['index.ts', 'sqlite/index.ts'])
}
