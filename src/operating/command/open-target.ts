import { existsSync } from 'node:fs'
import type { LedgerReader } from '../../ledger/ledger-reader.ts'
import { AlarmError } from '../../vocabulary/errors.ts'
import type { AlarmManager } from '../../vocabulary/manager.ts'
import type { ManagerPatient, StorePatient } from '../doctor/patient.ts'
import { UsageError } from './usage.ts'

/** What a command reads. */
export type Reader = LedgerReader & Pick<AlarmManager, 'search' | 'countDue'> & { close(): Promise<void> }

/** What a command changes. */
export type Operator = Reader &
  Required<Pick<AlarmManager, 'retry' | 'discard' | 'reschedule' | 'pause' | 'resume'>>

const POSTGRES = /^postgres(?:ql)?:\/\//i

/** Opens a target for reading: it is neither made nor brought up to date. */
export async function openReader(target: string, schema?: string): Promise<Reader> {
  if (POSTGRES.test(target)) return openPostgres(target, schema)
  checkFile(target, schema)
  const { sqliteReader } = await import('../../sqlite/sqlite-reader.ts')
  return sqliteReader(target)
}

/** Opens a target that is there, to change what it delivers. */
export async function openOperator(target: string, schema?: string): Promise<Operator> {
  if (POSTGRES.test(target)) return openPostgres(target, schema)
  // What is not there, or not a manager's, is not made.
  await (await openReader(target, schema)).close()
  const { sqliteManager } = await import('../../sqlite/index.ts')
  return sqliteManager({ file: target })
}

/** Opens a manager, and files of its stores, to be examined: nothing is made, and nothing is changed. */
export async function openPatients(
  target: string,
  files: readonly string[],
  schema: string | undefined,
): Promise<{ readonly manager: ManagerPatient; readonly stores: readonly StorePatient[] }> {
  if (POSTGRES.test(target)) {
    if (files.length > 0)
      throw new UsageError('The stores of a postgresManager are in its schema: give no files.')
    const { postgresPatients } = await import('../doctor/postgres-patients.ts')
    return postgresPatients(target, schema)
  }
  const { sqliteManagerPatient } = await import('../doctor/sqlite-manager-patient.ts')
  const { sqliteStorePatient } = await import('../doctor/sqlite-store-patient.ts')
  checkFile(target, schema)
  const manager = sqliteManagerPatient(target)
  try {
    for (const file of files) checkFile(file)
  } catch (error) {
    await manager.close()
    throw error
  }
  return { manager, stores: files.map((file) => sqliteStorePatient(file, manager.manager)) }
}

/** What is misspelt as a URL may hold a password: it is not repeated. */
function checkFile(file: string, schema?: string): void {
  if (schema !== undefined) throw new UsageError('--schema is of a postgres:// URL: a file has none.')
  if (existsSync(file) || !(/^postgres/i.test(file) || /:\/|\/\/|:.*@/s.test(file))) return
  throw new UsageError(
    'The target is no file that is there, and no URL as postgres://user:password@host:5432/database.',
  )
}

async function openPostgres(url: string, schema: string | undefined): Promise<Operator> {
  const { postgresManager } = await import('../../postgres/index.ts')
  const manager = postgresManager({
    connectionString: url.replace(POSTGRES, (scheme) => scheme.toLowerCase()), // as pg wants it
    migrate: false,
    ...(schema !== undefined && { schema }),
  })
  try {
    await manager.ready()
    return manager
  } catch (error) {
    await manager.close().catch(() => {})
    throw isMissing(error) ? noTables(schema) : error
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof AlarmError && error.code === 'ALARM_STORAGE_MISSING'
}

/** A command makes no tables: a name that is misspelt must not become a schema. */
function noTables(schema = 'nolater'): AlarmError {
  return new AlarmError(
    'ALARM_STORAGE_MISSING',
    `The database has no tables of a postgresManager in the schema ${JSON.stringify(schema)}, or older ones: give the manager's with --schema, ` +
      'or open it once with this version.',
    { counted: false },
  )
}

/** What a target is called where others may read it: a URL without its user. */
export function targetName(target: string): string {
  if (!POSTGRES.test(target)) return target
  const url = URL.canParse(target) ? new URL(target) : null
  return url === null ? 'PostgreSQL' : url.host + url.pathname
}

/** Hides the password of a word that may be a URL or a connection string, in whichever way it is written or repeated. */
export function withoutPassword(word: string): (text: string) => string {
  const [, scheme, rest = ''] = /([\w+.-]+:\/\/)(.*)$/s.exec(word) ?? []
  // To the last @, as the server's name is read: what comes before may hold one, or a # or a /.
  const user = rest.slice(0, Math.max(0, rest.lastIndexOf('@')))
  const named = [...word.matchAll(/password\s*=\s*('[^']*'|[^&\s]*)/gi)].map(([, text]) => text as string)
  const isOf = scheme !== undefined || named.length > 0
  const secrets = [user.slice(user.indexOf(':') + 1), ...named]
    .flatMap((text) => [text, decoded(text), JSON.stringify(text).slice(1, -1)])
    .filter((text) => text !== '')
    .sort((a, b) => b.length - a.length)
  if (!isOf || secrets.length === 0) return (text) => text
  return (text) => secrets.reduce((safe, secret) => safe.replaceAll(secret, '***'), text)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
