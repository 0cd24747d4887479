import { configError } from '../vocabulary/error-of.ts'

const MAX_BYTES = 44 // Postgres knows 63 bytes of a name, and the channel has it in its own

/** Reads the name of a schema, or throws `ALARM_CONFIG_INVALID`. */
export function checkSchemaName(name: string): string {
  const isName =
    typeof name === 'string' &&
    name !== '' &&
    !name.includes('\0') &&
    name.isWellFormed() &&
    !name.toLowerCase().startsWith('pg_') &&
    new TextEncoder().encode(name).length <= MAX_BYTES
  if (!isName) {
    throw configError(
      'schema',
      `the name of a schema, 1 to ${MAX_BYTES} bytes, not one of Postgres's own (pg_...)`,
      name,
    )
  }
  return name
}

/** A name as it stands in a statement: with anything in it, it stays a name. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
