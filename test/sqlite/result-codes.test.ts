import { describe, expect, it } from 'vitest'
import { resultCodes, rulingOf } from '../../src/sqlite/result-codes.ts'
import { storageError } from '../../src/sqlite/storage-error.ts'

const thrown = (errcode: number) => storageError(Object.assign(new Error('so it says'), { errcode }), 'a.db')

describe('what a result code of SQLite comes to', () => {
  it('rules on every primary code', () => {
    expect(Array.from({ length: 28 }, (_, i) => i + 1).filter((code) => !(code in resultCodes))).toEqual([])
  })

  it.each([
    ['BUSY', 5, 'ALARM_STORAGE_LOCKED'],
    ['BUSY_SNAPSHOT', 517, 'ALARM_STORAGE_LOCKED'],
    ['LOCKED', 6, 'ALARM_STORAGE_LOCKED'],
    ['NOMEM', 7, 'ALARM_STORAGE_FAILED'],
    ['IOERR', 10, 'ALARM_STORAGE_FAILED'],
    ['IOERR_WRITE', 778, 'ALARM_STORAGE_FAILED'],
    ['IOERR_FSYNC', 1034, 'ALARM_STORAGE_FAILED'],
    ['IOERR_CORRUPTFS, as a read that fails is called', 8458, 'ALARM_STORAGE_FAILED'],
    ['FULL', 13, 'ALARM_STORAGE_FAILED'],
    ['CANTOPEN', 14, 'ALARM_STORAGE_FAILED'],
    ['PROTOCOL', 15, 'ALARM_STORAGE_LOCKED'],
  ])('waits for %s', (_, errcode, code) => {
    expect(thrown(errcode)).toMatchObject({ code, passes: true, counted: false })
  })

  it.each([
    ['ERROR', 1, 'ALARM_STORAGE_FAILED'],
    ['READONLY', 8, 'ALARM_STORAGE_READONLY'],
    ['READONLY_DBMOVED', 1032, 'ALARM_STORAGE_GONE'],
    ['CORRUPT', 11, 'ALARM_STORAGE_INVALID'],
    ['CORRUPT_INDEX', 779, 'ALARM_STORAGE_INVALID'],
    ['NOTADB', 26, 'ALARM_STORAGE_INVALID'],
    ['CONSTRAINT', 19, 'ALARM_STORAGE_FAILED'],
    ['CANTOPEN_ISDIR', 526, 'ALARM_STORAGE_FAILED'],
    ['IOERR_DATA', 8202, 'ALARM_STORAGE_INVALID'],
    ['a code that is not known', 200, 'ALARM_STORAGE_FAILED'],
    ['no code', Number.NaN, 'ALARM_STORAGE_FAILED'],
  ])('gives up on %s', (_, errcode, code) => {
    const error = thrown(errcode)
    expect(error).toMatchObject({ code, counted: false })
    expect(error.passes).toBeUndefined()
    expect(rulingOf(errcode).passes).toBe(false)
  })

  it('says what to do, and what SQLite said', () => {
    expect(thrown(13).message).toBe(
      'The database "a.db" has no room: the disk is full, or a limit of pages is reached. Make room. SQLite says: so it says.',
    )
  })
})
