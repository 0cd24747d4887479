import { memoryManager, openAlarm, openFleet } from '../../src/index.ts'
import { sqliteManager, sqliteStores } from '../../src/sqlite/index.ts'

/** What a programme uses of the library: the sources, or a copy with a protection taken out. */
export interface Library {
  readonly openAlarm: typeof openAlarm
  readonly openFleet: typeof openFleet
  readonly memoryManager: typeof memoryManager
  readonly sqliteManager: typeof sqliteManager
  readonly sqliteStores: typeof sqliteStores
}

export const library: Library = { openAlarm, openFleet, memoryManager, sqliteManager, sqliteStores }
