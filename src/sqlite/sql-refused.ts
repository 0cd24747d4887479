import { AlarmError } from '../vocabulary/errors.ts'
import { RESERVED } from './store-file.ts'

/** A statement that could undo what the store relies on. */
export const refused = (why: string): AlarmError =>
  new AlarmError('ALARM_SQL_REFUSED', `${why}; the statement was refused.`)

/** One that would change a table of the store. */
export const reserved = (): AlarmError =>
  refused(
    `Names that begin with ${RESERVED} are the store's own, and what writes may not speak of them. Use another name, bind it as a parameter, or read only`,
  )
