import type { AlarmErrorCode } from './errors.ts'

/** What an error of a database comes to. */
export interface Ruling {
  /** It can end without a change to the programme or the database: worth trying again. */
  readonly passes: boolean
  readonly code: AlarmErrorCode
  /** what is wrong with the database, and what to do */
  readonly message: string
}

export const passes = (code: AlarmErrorCode, message: string): Ruling => ({ passes: true, code, message })
export const stays = (code: AlarmErrorCode, message: string): Ruling => ({ passes: false, code, message })
