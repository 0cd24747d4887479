import { constants, DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compile } from '../../src/sqlite/user-statement.ts'

const SCHEMA = `
  CREATE TABLE _nolater_actor (epoch); CREATE TABLE mine (x);
  CREATE VIEW view AS SELECT 1 AS one;
  CREATE TRIGGER trigger INSTEAD OF INSERT ON view BEGIN INSERT INTO mine VALUES (1); END;`

function onTables<T>(work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(':memory:')
  try {
    db.exec(SCHEMA)
    return work(db)
  } finally {
    db.close()
  }
}

/** What SQLite itself says of a statement: the oracle that Node 22 does not have. */
function asked(sql: string): { isDangerous: boolean; writes: boolean } | 'is no statement' {
  const answer = { isDangerous: false, writes: false }
  return onTables((db) => {
    db.setAuthorizer((code, first, second) => {
      if (ENDS.has(code)) answer.isDangerous = true
      if (code === constants.SQLITE_PRAGMA && !isSafe(first, second)) answer.isDangerous = true
      if (!READS.has(code)) {
        answer.writes = true
        if (!UPKEEP.has(code) && (isOurs(first) || isOurs(second))) answer.isDangerous = true
      }
      return constants.SQLITE_OK
    })
    try {
      db.prepare(sql)
      return answer
    } catch {
      return answer.isDangerous ? answer : 'is no statement'
    }
  })
}

const ENDS = new Set([
  constants.SQLITE_TRANSACTION,
  constants.SQLITE_SAVEPOINT,
  constants.SQLITE_ATTACH,
  constants.SQLITE_DETACH,
])
const READS = new Set([
  constants.SQLITE_SELECT,
  constants.SQLITE_READ,
  constants.SQLITE_FUNCTION,
  constants.SQLITE_RECURSIVE,
  constants.SQLITE_PRAGMA,
])
const UPKEEP = new Set([constants.SQLITE_ANALYZE, constants.SQLITE_REINDEX])
const isOurs = (name: string | null) => name?.toLowerCase().startsWith('_nolater_') ?? false
const SAFE = /^(user_version|application_id|defer_foreign_keys|table_info|index_list|foreign_key_check)$/i
const SAFE_TO_READ = /^(foreign_keys|page_count|encoding)$/i
const isSafe = (pragma: string | null, argument: string | null): boolean =>
  SAFE.test(pragma ?? '') || (argument === null && SAFE_TO_READ.test(pragma ?? ''))

/** By SQLite where Node can ask it, or by the words alone, as on Node 22. */
function judged(sql: string, byWords = false): 'refused' | { writes: boolean } {
  try {
    return {
      writes: onTables((db) => {
        if (byWords) Object.assign(db, { setAuthorizer: undefined })
        return compile(db, sql).writes
      }),
    }
  } catch (error) {
    const { code } = error as { code?: string } // SQLite refuses, too
    if (code !== 'ALARM_SQL_REFUSED' && code !== 'ERR_SQLITE_ERROR') throw error
    return 'refused'
  }
}

const word = fc.constantFrom(
  ...['BEGIN', 'COMMIT', 'END', 'ROLLBACK', 'TO s', 'SAVEPOINT s', 'RELEASE s', 'TRANSACTION', 'IMMEDIATE'],
  ...["ATTACH ':memory:' AS o", 'DETACH main', 'VACUUM', 'ANALYZE', 'REINDEX', 'QUERY PLAN'],
  ...[
    'SELECT 1',
    'SELECT * FROM',
    'VALUES (1)',
    'INSERT INTO',
    'REPLACE INTO',
    'UPDATE',
    'DELETE FROM',
    'SET x = 1',
  ],
  ...[
    'WITH w AS (SELECT 1)',
    'SELECT * FROM w',
    'SET epoch = 2',
    'CREATE TABLE',
    'CREATE INDEX i ON',
    '(x)',
    '(epoch)',
  ],
  ...['DROP TABLE', 'ALTER TABLE', 'RENAME TO', 'CREATE VIEW v AS', 'RETURNING 1', 'DEFAULT VALUES'],
  ...[
    'mine',
    '"mine"',
    'view',
    '_nolater_actor',
    '"_NOLATER_actor"',
    '[_nolater_actor]',
    '_nolater_new',
    "'_nolater_'",
  ],
  ...['CREATE TRIGGER g AFTER INSERT ON', 'BEGIN', 'DELETE FROM _nolater_actor;', 'DELETE FROM mine;', 'END'],
  ...[
    'PRAGMA',
    'main.',
    'foreign_keys',
    '"foreign_keys"',
    'user_version',
    'journal_mode',
    'writable_schema',
    '= ON',
  ],
  ...[
    '= 7',
    '(1)',
    "('mine')",
    '=',
    ';',
    '/* ; */',
    '-- ;\n',
    '/*',
    '*/',
    '--',
    "'",
    '"',
    '\n',
    '\t',
    '\f',
    '\uFEFF',
    '\u00a0',
  ],
)
const sentence = fc
  .array(fc.tuple(word, fc.constantFrom(' ', ' ', ' ', '', '\n')), { minLength: 1, maxLength: 7 })
  .map((words) => words.flat().join(''))
const anyCase = fc.tuple(sentence, fc.boolean()).map(([sql, low]) => (low ? sql.toLowerCase() : sql))

describe('a statement of the user', () => {
  // Node 22 has no oracle; what it is asked about does not depend on the Node.
  const oracle = it.runIf('setAuthorizer' in DatabaseSync.prototype)

  oracle.each([false, true])('is judged no milder than by SQLite itself (by words alone: %s)', (byWords) => {
    let compared = 0
    fc.assert(
      fc.property(anyCase, (sql) => {
        const answer = asked(sql)
        if (answer === 'is no statement') return
        compared++
        const judgement = judged(sql, byWords)
        if (answer.isDangerous) expect(judgement).toBe('refused')
        else if (answer.writes && judgement !== 'refused') expect(judgement).toEqual({ writes: true })
      }),
      { numRuns: 3_000, seed: 22 },
    )
    expect(compared).toBeGreaterThan(300)
  })

  oracle(
    'that speaks of the store in a text alone is refused only where there are but words to judge by',
    () => {
      const sql = "INSERT INTO mine VALUES ('about _nolater_actor')"
      expect(judged(sql)).toEqual({ writes: true })
      expect(judged(sql, true)).toBe('refused')
    },
  )

  it.each([false, true])('may not change what is the store’s (by words alone: %s)', (byWords) => {
    for (const sql of [
      'UPDATE _nolater_actor SET epoch = 9',
      'WITH w AS (SELECT 1) DELETE FROM "_NOLATER_actor"',
      'CREATE TABLE _nolater_new (x)',
      'ALTER TABLE mine RENAME TO _nolater_new',
      'CREATE TRIGGER g AFTER INSERT ON mine BEGIN DELETE FROM _nolater_actor; END',
      'CREATE VIEW v AS SELECT * FROM _nolater_actor',
    ]) {
      expect(judged(sql, byWords), sql).toBe('refused')
    }
  })

  oracle('is refused for a trigger that changes what is the store’s, however that got there', () => {
    const sql = 'INSERT INTO mine VALUES (1)'
    const compiled = () =>
      onTables((db) => {
        db.exec('CREATE TRIGGER g AFTER INSERT ON mine BEGIN UPDATE _nolater_actor SET epoch = 9; END')
        return compile(db, sql)
      })
    expect(compiled).toThrow(expect.objectContaining({ code: 'ALARM_SQL_REFUSED' }))
  })

  it('that is only explained does nothing, unless it is a PRAGMA', () => {
    for (const sql of ['EXPLAIN COMMIT', 'explain query plan DELETE FROM _nolater_actor']) {
      expect(judged(sql), sql).toEqual({ writes: false })
    }
    expect(judged('EXPLAIN /**/ PRAGMA journal_mode = DELETE')).toBe('refused')
  })

  it('is refused where a part of it would not be seen', () => {
    expect(() => onTables((db) => compile(db, 'SELECT 1; \0 COMMIT'))).toThrow('NUL')
  })
})
