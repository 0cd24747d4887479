import { describe, expect, it } from 'vitest'
import { postgresError } from '../../src/postgres/postgres-error.ts'
import { sqlStates } from '../../src/postgres/sqlstates.ts'
import { AlarmError } from '../../src/vocabulary/errors.ts'

const CLASSES =
  '00 01 02 03 08 09 0A 0B 0F 0L 0P 0Z 10 20 21 22 23 24 25 26 27 28 2B 2D 2F 34 38 39 3B 3D 3F 40 42 44 53 54 55 57 58 F0 HV P0 XX'

const thrown = (code: string) => postgresError(Object.assign(new Error('so it says'), { code }), 'jobs')

describe('what an SQLSTATE comes to', () => {
  it('rules on every class of PostgreSQL', () => {
    expect(CLASSES.split(' ').filter((state) => !(state in sqlStates))).toEqual([])
  })

  it.each([
    ['08006', 'ALARM_STORAGE_UNREACHABLE'], // connection failure
    ['08P01', 'ALARM_STORAGE_UNREACHABLE'], // PgBouncer, whose server is away
    ['53100', 'ALARM_STORAGE_UNREACHABLE'], // disk full
    ['53200', 'ALARM_STORAGE_UNREACHABLE'], // out of memory
    ['53300', 'ALARM_STORAGE_UNREACHABLE'], // too many connections
    ['57014', 'ALARM_STORAGE_UNREACHABLE'], // query cancelled
    ['57P01', 'ALARM_STORAGE_UNREACHABLE'], // admin shutdown
    ['57P03', 'ALARM_STORAGE_UNREACHABLE'], // cannot connect now
    ['58030', 'ALARM_STORAGE_FAILED'], // input or output failed
    ['40001', 'ALARM_STORAGE_LOCKED'],
    ['40P01', 'ALARM_STORAGE_LOCKED'],
    ['55P03', 'ALARM_STORAGE_LOCKED'],
    ['25006', 'ALARM_STORAGE_READONLY'],
    ['25P03', 'ALARM_STORAGE_UNREACHABLE'],
    ['ECONNREFUSED', 'ALARM_STORAGE_UNREACHABLE'],
    ['ECONNRESET', 'ALARM_STORAGE_UNREACHABLE'],
    ['EPIPE', 'ALARM_STORAGE_UNREACHABLE'],
    ['ENOTFOUND', 'ALARM_STORAGE_UNREACHABLE'],
    ['ETIMEDOUT', 'ALARM_STORAGE_UNREACHABLE'],
    ['', 'ALARM_STORAGE_UNREACHABLE'], // "Connection terminated unexpectedly" has no code
  ])('waits for %s', (state, code) => {
    expect(thrown(state)).toMatchObject({ code, passes: true, counted: false })
  })

  it.each([
    ['28P01', 'ALARM_STORAGE_FAILED'],
    ['3D000', 'ALARM_STORAGE_MISSING'],
    ['57P04', 'ALARM_STORAGE_MISSING'],
    ['3F000', 'ALARM_STORAGE_MISSING'],
    ['42P01', 'ALARM_STORAGE_MISSING'],
    ['42501', 'ALARM_STORAGE_READONLY'],
    ['42601', 'ALARM_STORAGE_FAILED'],
    ['23505', 'ALARM_STORAGE_FAILED'],
    ['40002', 'ALARM_STORAGE_FAILED'],
    ['XX001', 'ALARM_STORAGE_FAILED'],
    ['99999', 'ALARM_STORAGE_FAILED'],
    ['ERR_INVALID_URL', 'ALARM_STORAGE_FAILED'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'ALARM_STORAGE_FAILED'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'ALARM_STORAGE_FAILED'],
    ['CERT_HAS_EXPIRED', 'ALARM_STORAGE_FAILED'],
  ])('gives up on %s', (state, code) => {
    const error = thrown(state)
    expect(error).toMatchObject({ code, counted: false })
    expect(error.passes).toBeUndefined()
  })

  it('gives up on a fault in a programme, which has no code either', () => {
    expect(postgresError(new TypeError('x is not a function'), 'jobs').passes).toBeUndefined()
  })

  it('says what to do, names the schema, and leaves an error of ours alone', () => {
    expect(thrown('42P01').message).toMatch(
      /^The schema "jobs" lacks its tables\. .* Postgres says: so it says\.$/,
    )
    const ours = new AlarmError('ALARM_CLOSED', 'closed')
    expect(postgresError(ours, 'jobs')).toBe(ours)
  })
})
