import type { LedgerReader } from '../../ledger/ledger-reader.ts'
import type { AlarmTime } from '../../vocabulary/time.ts'
import type { Surgery } from './examine-manager.ts'
import type { CopiesOf, Store } from './examine-store.ts'
import type { Finding } from './finding.ts'
import type { Pace } from './pace.ts'

/** A manager that is examined: opened for reading alone, until something is to be repaired. */
export interface ManagerPatient {
  /** `null`: it cannot be read, which `damage` says */
  readonly reader: LedgerReader | null
  /** What is wrong with where it is kept. */
  damage(pace: Pace): AsyncIterable<Finding>
  readonly copiesOf: CopiesOf
  surgery(): Promise<Surgery>
  /** Puts what the store holds in the place of a row that cannot be read, under no fence; false where it can be read by now. */
  replace(key: string, alarm: AlarmTime): Promise<boolean>
  close(): Promise<void>
}

/** A store that is examined; likewise. */
export interface StorePatient extends Store {
  damage(): AsyncIterable<Finding>
  close(): Promise<void>
}
