import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { isLocked, look, newPath, open, script, turn } from './sqlite-store-rig.ts'

const invalid = expect.objectContaining({ code: 'ALARM_SQL_REFUSED' })

describe('sqliteStore: SQL', () => {
  it('reads and writes, with parameters', async () => {
    const { store, calls, ok } = await script()
    const { sql } = store
    sql.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, x); INSERT INTO t (x) VALUES (1)')
    sql.exec('INSERT INTO t (x) VALUES (?)', 2)
    expect(sql.run('INSERT INTO t (x) VALUES (?), (?)', 'three', null)).toEqual({
      changes: 2,
      lastInsertRowid: 4,
    })
    expect(sql.get('INSERT INTO t (x) VALUES (?) RETURNING id', 5)).toEqual({ id: 5 })
    expect(sql.all<{ x: unknown }>('SELECT x FROM t ORDER BY id').map(({ x }) => x)).toEqual([
      1,
      2,
      'three',
      null,
      5,
    ])
    expect(sql.get('SELECT * FROM t WHERE id = ?', 99)).toBe(undefined)
    expect(await calls()).toEqual(['commit'])
    await ok()
  })

  it('that only reads is no turn: no commit, no lock, no gate', async () => {
    const { store, send, calls } = await script()
    for (const read of [
      'SELECT 1',
      'WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3) SELECT * FROM c',
      'PRAGMA user_version',
      "SELECT * FROM pragma_table_info('_nolater_actor')",
      'SELECT * FROM _nolater_actor',
    ]) {
      expect(store.sql.all(read).length).toBeGreaterThan(0)
    }
    store.sql.exec('SELECT 1; SELECT 2')
    expect(send().state).toBe('open')
    expect(await calls()).toEqual([])
  })

  it('that writes is a turn, be it alone', async () => {
    const { store, file, calls, ok } = await script()
    for (const write of [
      'CREATE TABLE t (x)',
      'INSERT INTO t VALUES (1)',
      'WITH one AS (SELECT 1) INSERT INTO t SELECT * FROM one',
      'UPDATE t SET x = 2',
      'PRAGMA user_version = 7',
      'DROP TABLE t',
    ]) {
      store.sql.run(write)
      expect(isLocked(file), write).toBe(true)
      expect(await calls(), write).toEqual(['commit'])
      await ok()
    }
    store.close()
    expect(open({ file }).sql.get('PRAGMA user_version')).toEqual({ user_version: 7 })
  })

  it('that fails has changed nothing, of a script neither, and the turn goes on', async () => {
    const { store, file, calls, send } = await script()
    store.sql.exec('CREATE TABLE t (x UNIQUE); INSERT INTO t VALUES (1)')
    await turn()
    store.put('a', 1, { allowUnconfirmed: true })
    const { sql } = store
    for (const fails of [
      () => sql.run('INSERT INTO t VALUES (2), (1)'),
      () => sql.run('INSERT OR FAIL INTO t VALUES (2), (1)'),
      () => sql.exec('INSERT INTO t VALUES (3); INSERT INTO t VALUES (1)'),
      () => sql.exec('INSERT INTO t VALUES (3); SELEKT'),
      () => sql.run('INSERT INTO t VALUES (?)', true as never),
    ]) {
      expect(fails).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }))
    }
    expect(sql.all('SELECT * FROM t')).toEqual([{ x: 1 }])
    await calls()
    expect(look(file).values).toEqual([])
    expect(send().state).toBe('closed') // of the first turn
  })

  it('a statement that fails makes no commit', async () => {
    const { store, calls, ok } = await script()
    store.sql.exec('CREATE TABLE t (x UNIQUE); INSERT INTO t VALUES (1)')
    await calls()
    await ok()
    expect(() => store.sql.run('INSERT INTO t VALUES (1)')).toThrow('UNIQUE')
    expect(await calls()).toEqual([])
  })

  it('may not begin, end or leave the transaction', async () => {
    const { store, file, calls } = await script()
    store.put('a', 1)
    for (const refused of [
      'BEGIN',
      'COMMIT',
      'END',
      'ROLLBACK',
      '/* a comment */ commit',
      'SAVEPOINT s',
      'RELEASE _nolater_mark',
      'ROLLBACK TO _nolater_mark',
      `ATTACH '${newPath()}' AS other`,
      'DETACH main',
      'VACUUM',
      `VACUUM INTO '${newPath()}'`,
      'PRAGMA journal_mode = DELETE',
      'PRAGMA synchronous = OFF',
      'PRAGMA Writable_Schema = ON',
      'PRAGMA query_only = ON',
      'PRAGMA wal_checkpoint',
      'PRAGMA locking_mode = EXCLUSIVE',
      'PRAGMA foreign_keys = OFF',
      'PRAGMA page_size = 512',
    ]) {
      for (const use of ['exec', 'run', 'get', 'all'] as const) {
        expect(() => store.sql[use](refused), refused).toThrow(invalid)
      }
      expect(() => store.sql.exec(`SELECT 1; ${refused}`), refused).toThrow(invalid)
    }
    expect(look(file).values).toEqual([])
    expect(await calls()).toEqual(['commit'])
  })

  it('may not change what is the store’s, not even through a trigger or another case', () => {
    const { sql } = open()
    sql.exec('CREATE TABLE t (x)')
    for (const refused of [
      'UPDATE _nolater_actor SET epoch = 9',
      'DELETE FROM _NOLATER_ACTOR',
      'INSERT INTO _nolater_values VALUES (1, 2)',
      'DROP TABLE _nolater_values',
      'ALTER TABLE _nolater_actor ADD COLUMN x',
      'CREATE INDEX i ON _nolater_actor (key)',
      'CREATE TRIGGER g AFTER UPDATE ON _nolater_actor BEGIN SELECT 1; END',
      'CREATE TEMP TABLE _Nolater_actor (x)',
      'CREATE TABLE _nolater_mine (x)',
      'CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE _nolater_actor SET epoch = 9; END',
      'CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; DELETE FROM "_nolater_actor"; END',
    ]) {
      expect(() => sql.exec(refused), refused).toThrow(invalid)
    }
    expect(sql.all('SELECT * FROM t')).toEqual([])
    expect(sql.get('SELECT epoch FROM _nolater_actor')).toEqual({ epoch: 1 })
    sql.run('INSERT INTO t VALUES (?)', 'about _nolater_actor')
    expect(sql.all('SELECT * FROM t')).toEqual([{ x: 'about _nolater_actor' }])
  })

  it('takes one statement at a time, except exec without parameters', () => {
    const { sql } = open()
    expect(() => sql.run('CREATE TABLE t (x); CREATE TABLE u (x)')).toThrow(invalid)
    expect(() => sql.exec('SELECT ?; SELECT 2', 1)).toThrow(invalid)
    for (const nothing of ['', ' ; -- nothing']) expect(() => sql.run(nothing), nothing).toThrow(invalid)
    sql.exec(' ; -- nothing')
    for (const use of ['exec', 'run', 'get', 'all'] as const) {
      for (const none of [5, undefined]) expect(() => sql[use](none as never), use).toThrow(invalid)
    }
    expect(sql.all('SELECT 1 AS one; -- and no more\n /* at all */ ;')).toEqual([{ one: 1 }])
    expect(sql.all("SELECT ';' AS semicolon")).toEqual([{ semicolon: ';' }])
  })

  it('a script may select what no number of JavaScript can be: nobody reads it', () => {
    const { sql } = open()
    sql.exec(`
      CREATE TABLE t (x); INSERT INTO t VALUES (9007199254740993), (1) RETURNING x; SELECT x FROM t;
      UPDATE t SET x = x + 1 RETURNING x`)
    expect(sql.all('SELECT CAST(x AS TEXT) AS x FROM t')).toEqual([{ x: '9007199254740994' }, { x: '2' }])
  })

  it('a statement that is kept follows the schema, and there may be many', async () => {
    const { sql } = open()
    sql.exec('CREATE TABLE t (x); INSERT INTO t VALUES (1)')
    expect(sql.all('SELECT * FROM t')).toEqual([{ x: 1 }])
    sql.exec('ALTER TABLE t ADD COLUMN y DEFAULT 2')
    expect(sql.all('SELECT * FROM t')).toEqual([{ x: 1, y: 2 }])
    for (let i = 0; i < 250; i++) expect(sql.get(`SELECT ${i} AS i`)).toEqual({ i })
    expect(sql.all('SELECT * FROM t')).toEqual([{ x: 1, y: 2 }])
  })

  it('a conflict that rolls back more than its statement breaks the store, and nothing of the turn is kept', async () => {
    const { store, file, calls, send } = await script()
    store.sql.exec('CREATE TABLE t (x UNIQUE); INSERT INTO t VALUES (1)')
    const sent = send()
    const failed = expect.objectContaining({ code: 'ALARM_STORAGE_FAILED', cause: expect.anything() })
    expect(() =>
      store.transaction((sql) => {
        store.put('a', 1)
        try {
          sql.run('INSERT OR ROLLBACK INTO t VALUES (1)')
        } catch {}
        store.put('b', 1)
      }),
    ).toThrow(failed)
    expect(sent.state).toMatch(/^broken/)
    expect(() => store.put('c', 1)).toThrow(failed)
    expect(() => store.alarm.time).toThrow(failed)
    expect(await calls()).toEqual([])
    expect(look(file).values).toEqual([])
  })

  it('a deferred constraint that fails with the commit breaks the store, and nothing is kept', async () => {
    const file = newPath()
    const store = open({ file })
    store.sql.exec(
      'CREATE TABLE p (id PRIMARY KEY); CREATE TABLE c (p REFERENCES p DEFERRABLE INITIALLY DEFERRED)',
    )
    await turn()
    expect(() =>
      store.transaction((sql) => {
        store.put('a', 1)
        sql.run('INSERT INTO c VALUES (1)')
      }),
    ).toThrow(expect.objectContaining({ code: 'ALARM_COMMIT_FAILED' }))
    expect(look(file).values).toEqual([])
  })

  it('user_version and application_id are the user’s', async () => {
    const file = newPath()
    const store = open({ file })
    store.transaction((sql) => {
      sql.exec('CREATE TABLE t (x); PRAGMA user_version = 7')
      sql.exec('PRAGMA application_id = 42')
    })
    store.close()
    const again = open({ file })
    expect(again.sql.get('PRAGMA user_version')).toEqual({ user_version: 7 })
    expect(again.sql.get('PRAGMA application_id')).toEqual({ application_id: 42 })
  })

  it('deleteAll() drops whatever the user has made, and a rollback brings it back', async () => {
    const file = newPath()
    const first = open({ file })
    first.sql.exec(`
      CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, b REFERENCES b (id));
      CREATE TABLE b (id PRIMARY KEY, a REFERENCES a (id));
      PRAGMA defer_foreign_keys = ON;
      INSERT INTO b VALUES (1, 1);
      INSERT INTO a VALUES (1, 1);
      CREATE INDEX i ON a (b);
      CREATE VIEW "a view" AS SELECT * FROM a;
      CREATE TRIGGER "a ""trigger""" AFTER DELETE ON b BEGIN SELECT 1; END;
      CREATE VIRTUAL TABLE f USING fts5 (t);
      INSERT INTO f VALUES ('word');
      CREATE TABLE "nolater x" (x);
      CREATE TABLE xnolaterx_ (x);
      CREATE TABLE "a ""table""" (x);
      ANALYZE;
      PRAGMA user_version = 3`)
    first.put('a', 1)
    await turn()
    first.close()
    const outside = new DatabaseSync(file)
    outside.exec('VACUUM') // puts virtual tables after the tables that they are made of
    outside.close()
    const store = open({ file })
    const { sql } = store
    const names = () => sql.all<{ name: string }>('SELECT name FROM sqlite_schema').map(({ name }) => name)
    const before = names()
    expect(() =>
      store.transaction(() => {
        store.deleteAll({ deleteAlarm: true })
        expect(names().filter((name) => !/^sqlite_|^_nolater_timer/.test(name))).toEqual([
          '_nolater_actor',
          '_nolater_values',
        ])
        throw new Error('undo')
      }),
    ).toThrow('undo')
    expect([names(), store.get('a')]).toEqual([before, 1])
    store.deleteAll()
    await turn()
    expect(names().filter((name) => !/^sqlite_|^_nolater_timer/.test(name))).toEqual([
      '_nolater_actor',
      '_nolater_values',
    ])
    expect(sql.get('PRAGMA user_version')).toEqual({ user_version: 0 })
    sql.exec('CREATE TABLE a (x)')
    await turn()
    const seen = new DatabaseSync(file, { readOnly: true })
    expect(seen.prepare('SELECT count(*) AS rows FROM a').get()).toEqual({ rows: 0 })
    seen.close()
    expect(open({ file }).epoch).toBe(3)
  })

  it('deleteAll() leaves foreign keys as strict as they were', () => {
    const store = open()
    store.transaction((sql) => {
      store.deleteAll()
      sql.exec('CREATE TABLE p (id PRIMARY KEY); CREATE TABLE c (p REFERENCES p)')
      expect(() => sql.run('INSERT INTO c VALUES (1)')).toThrow('FOREIGN KEY')
    })
    expect(store.sql.all('SELECT * FROM c')).toEqual([])
  })
})

describe('sqliteStore: transactions', () => {
  it('return what the function returns, and roll back what it throws', async () => {
    const { store, calls, now } = await script()
    expect(store.transaction((sql) => sql.get('SELECT 1 AS one'))).toEqual({ one: 1 })
    store.put('before', 1)
    const error = new Error('undo')
    expect(() =>
      store.transaction((sql) => {
        sql.exec('CREATE TABLE t (x)')
        store.put('a', 1)
        throw error
      }),
    ).toThrow(error)
    expect(now()).toEqual([]) // the turn goes on
    expect(store.list()).toEqual(new Map([['before', 1]]))
    expect(() => store.sql.all('SELECT * FROM t')).toThrow('no such table')
    expect(await calls()).toEqual(['commit'])
  })

  it('nest: what an inner one rolls back, the outer one may survive', async () => {
    const { store, file, now, ok } = await script()
    store.transaction(() => {
      store.put('a', 1)
      store.alarm.set(5)
      for (const depth of [1, 2, 3]) {
        try {
          store.transaction(() => {
            store.put('a', depth)
            store.transaction(() => store.put('b', depth))
            store.alarm.set(1)
            throw new Error('undo')
          })
        } catch {}
      }
      store.transaction(() => store.put('c', 1))
    })
    expect(now()).toEqual(['write 5'])
    expect(await ok()).toEqual(['commit'])
    expect([store.get('a'), store.get('b'), store.get('c')]).toEqual([1, undefined, 1])
    expect(look(file)).toMatchObject({ alarm: 5, values: ['a', 'c'] })
  })

  it('are synchronous: a function that returns a promise is refused and rolled back', async () => {
    const { store, file, calls } = await script()
    const refused = expect.objectContaining({ code: 'ALARM_RETURN_INVALID' })
    const asynchronous = async () => {
      store.put('a', 1)
      store.alarm.set(1)
      await undefined
      throw new Error('unheard')
    }
    const thenable = Object.fromEntries([['then', () => store.put('b', 1)]])
    expect(() => store.transaction(asynchronous)).toThrow(refused)
    expect(() => store.transaction(() => thenable)).toThrow(refused)
    expect([store.list().size, store.alarm.time]).toEqual([0, null])
    expect(await calls()).toEqual([])
    expect(look(file)).toMatchObject({ alarm: null, values: [] })
  })
})
