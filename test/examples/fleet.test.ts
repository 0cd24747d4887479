import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { AlarmTime } from 'nolater'
import { sqliteManager, sqliteStore } from 'nolater/sqlite'
import { lastValueFrom } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { Progress } from '../../examples/fleet/conductor.ts'
import { doctorSays } from '../../examples/fleet/doctor.ts'
import { drawingWidth } from '../../examples/fleet/drawing-width.ts'
import { folderAt } from '../../examples/fleet/folder.ts'
import { type JournalLine, note, prepareJournal } from '../../examples/fleet/journal.ts'
import { judge } from '../../examples/fleet/judge.ts'
import { latenessOf } from '../../examples/fleet/lateness.ts'
import { mix, moodOf } from '../../examples/fleet/mix.ts'
import { type OutsideCheck, outsideCheck } from '../../examples/fleet/outside-check.ts'
import { openProgress } from '../../examples/fleet/progress.ts'
import { keepers, races, run, verdict } from '../../examples/fleet/races.ts'
import { progressLine } from '../../examples/fleet/report.ts'
import { sabotage } from '../../examples/fleet/sabotage.ts'
import { parseScript } from '../../examples/fleet/script-file.ts'
import { isLate, lookSoundly } from '../../examples/fleet/sound-look.ts'
import { injectedClock } from '../injected-clock.ts'

describe('a script from a file', () => {
  it('is read in the order of its times, lines of one time as they stand', () => {
    const text = `\uFEFF{"at": 20, "actor": "a", "set": 30}\r\n\n{"at": 0, "actor": "é\\u0000", "delete": true}\n{"at":20,"actor":"a","set":0}\n`
    expect(parseScript(text)).toEqual([
      { at: 0, actor: 'é\0', set: null },
      { at: 20, actor: 'a', set: 30 },
      { at: 20, actor: 'a', set: 0 },
    ])
  })

  it.each([
    ['{"at": 0', 'not JSON'],
    ['[1]', 'is no object'],
    ['null', 'is no object'],
    ['{"actor": "a", "set": 1}', '"at" must be a whole number of ms, 0 or more, and is missing'],
    ['{"at": 1.5, "actor": "a", "set": 1}', '"at" must be a whole number of ms, 0 or more, and is 1.5'],
    ['{"at": 1, "actor": "a", "set": -1}', '"set" must be a whole number of ms, 0 or more, and is -1'],
    ['{"at": 1, "actor": "a", "set": "1"}', '"set" must be a whole number of ms, 0 or more, and is "1"'],
    ['{"at": 1, "actor": "a"}', '"set" must be a whole number of ms, 0 or more, and is missing'],
    ['{"at": 1, "actor": "", "set": 1}', '"actor" must be a name, and is ""'],
    ['{"at": 1, "actor": 7, "set": 1}', '"actor" must be a name, and is 7'],
    ['{"at": 1, "actor": "a", "delete": false}', '"delete" must be true, and is false'],
    ['{"at": 1, "actor": "a", "set": 1, "delete": true}', 'exclude each other'],
    ['{"at": 1, "actor": "a", "sett": 1}', '"sett" is unknown'],
  ])('%s is refused, with its number', (line, why) => {
    const text = `{"at": 0, "actor": "a", "set": 1}\n\n${line}\n{"at": oops}`
    expect(() => parseScript(text)).toThrow(/^line 3: /)
    expect(() => parseScript(text)).toThrow(why)
  })

  it('without a line is refused', () => {
    expect(() => parseScript('\n \n')).toThrow('there is no line in it')
  })
})

describe('the built-in mix', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(mix(1, 20_000)).toEqual(mix(1, 20_000))
    expect(mix(1, 20_000)).not.toEqual(mix(2, 20_000))
    expect(new Set(mix(1, 20_000).map(({ actor }) => actor)).size).toBe(1_000)
    expect(moodOf(1, 'a', 5)).toEqual(moodOf(1, 'a', 5))
  })
})

describe('the line of progress', () => {
  it('begins with what matters, and fits into 80 columns', () => {
    const counts = { commits: 123_456, writes: 123_456 } as Progress['counts']
    const line = progressLine({
      elapsed: 59_999,
      phase: 'draining',
      kills: 4,
      looks: 13_670,
      late: 0,
      counts,
    })
    expect(line).toMatch(/^ 60\.0 s {2}late 0 {2}looks 13,670 {2}kills 4 /)
    const usual = { ...counts, commits: 12_301, writes: 11_333 }
    const most = progressLine({
      elapsed: 59_999,
      phase: 'draining',
      kills: 4,
      looks: 13_670,
      late: 0,
      counts: usual,
    })
    expect(most.length).toBeLessThan(80)
  })

  it('is cut where a terminal is narrower, so that it changes in its place', () => {
    const written: string[] = []
    const out = { isTTY: true, columns: 40, write: (text: string) => written.push(text) }
    const counts = { commits: 0, writes: 0 } as Progress['counts']
    openProgress(out as unknown as NodeJS.WriteStream).show({
      elapsed: 0,
      phase: 'draining',
      kills: 0,
      looks: 0,
      late: 0,
      counts,
    })
    expect(written).toEqual(['\r\x1b[2K  0.0 s  late 0  looks 0  kills 0  comm'])
  })
})

describe('the drawing', () => {
  it('is as wide as the terminal, while it can be read; elsewhere as wide as a page', () => {
    const widths = [80, 133, 20, 500].map((columns) => drawingWidth({ isTTY: true, columns }))
    expect(widths).toEqual([80, 133, 60, 160])
    expect(drawingWidth({ isTTY: false, columns: 80 })).toBe(110)
  })
})

describe('the races', () => {
  const expected: Record<string, string[]> = {
    'PR #5431': ['LOST', 'LOST', 'right', 'right'],
    '#7330, to 7 s': ['late by 3 s', 'late by 3 s', 'late by 3 s', 'right'],
    '#7330, to 5 s': ['late by 5 s', 'late by 5 s', 'late by 5 s', 'right'],
  }
  it.each(races.map((race) => [race.name, race] as const))('%s', async (name, race) => {
    const verdicts: string[] = []
    for (const [, keeper] of keepers) verdicts.push(verdict(await run(race, keeper)))
    expect(verdicts).toEqual(expected[name])
  })

  it('are won by being right, not by being early', () => {
    expect(verdict({ store: 5_000, manager: 1_000 })).toBe('early')
    expect(verdict({ store: null, manager: 1_000 })).toBe('early')
    expect(verdict({ store: null, manager: null })).toBe('right')
  })
})

describe('the judge of a journal', () => {
  type Told = readonly [at: number, kind: JournalLine['kind'], time: AlarmTime, stands?: AlarmTime]
  const journal = (...told: readonly Told[]): JournalLine[] =>
    told.map(([at, kind, time, stands = time], i) => ({ seq: i + 1, at, kind, time, stands, line: null }))

  it('finds nothing wrong with an alarm that was delivered', () => {
    const lines = journal([0, 'set', 10], [12, 'began', 10], [13, 'done', 10, null])
    expect(judge(lines, null, 100)).toEqual({ owed: [{ time: 10, began: 12 }], lost: [], early: 0 })
  })

  it('finds an alarm that was due and never delivered', () => {
    expect(judge(journal([0, 'set', 10]), 10, 100).lost).toEqual([
      'the alarm 10 was due and no handler began',
    ])
    expect(judge(journal([0, 'set', 10]), 10, 9).lost).toEqual([])
  })

  it('finds one that was replaced only after its time', () => {
    expect(judge(journal([0, 'set', 10], [10, 'set', 500]), 500, 100).lost).toHaveLength(1)
    expect(judge(journal([0, 'set', 10], [10, 'delete', null]), null, 100).lost).toHaveLength(1)
    expect(judge(journal([0, 'set', 10], [9, 'set', 500]), 500, 100)).toEqual({
      owed: [],
      lost: [],
      early: 0,
    })
    expect(judge(journal([0, 'set', 10], [9, 'delete', null]), null, 100).owed).toEqual([])
  })

  it('does not take the delivery of one alarm for that of another', () => {
    const lines = journal([0, 'set', 10], [11, 'began', 10], [12, 'done', 10, null], [20, 'set', 10])
    expect(judge(lines, 10, 100).lost).toEqual(['the alarm 10 was due and no handler began'])
    expect(judge(lines, 10, 100).owed[1]).toEqual({ time: 20, began: null }) // due when it was set
  })

  it('wants a failed handler to succeed in the end, unless a newer alarm took its place', () => {
    const failed: Told[] = [
      [0, 'set', 10],
      [12, 'began', 10],
      [12, 'failed', 10],
    ]
    expect(judge(journal(...failed), 10, 100).lost).toEqual([
      'the alarm 10 was due and no handler ended well',
    ])
    expect(judge(journal(...failed, [20, 'set', 500]), 500, 100).lost).toEqual([])
  })

  it('finds a handler that began before its time', () => {
    const lines = journal([0, 'set', 10], [9, 'began', 10], [13, 'done', 10, null])
    expect(judge(lines, null, 100)).toMatchObject({
      early: 1,
      lost: ['the alarm 10 was due and no handler began'],
    })
  })

  it('finds a store that holds something else than its journal says', () => {
    expect(judge(journal([0, 'set', 200]), null, 100).lost).toEqual([
      'the store holds null, its journal says 200',
    ])
    expect(judge([], 200, 100).lost).toHaveLength(1)
  })
})

describe('lateness', () => {
  it('is split by whether a kill had its hand in', () => {
    const windows = [{ from: 100, to: 200 }]
    const owed = [
      { time: 0, began: 5 },
      { time: 90, began: 99 },
      { time: 90, began: 100 },
      { time: 200, began: 260 },
      { time: 201, began: 202 },
      { time: 300, began: null },
    ]
    const { undisturbed, killed } = latenessOf(owed, windows)
    expect(undisturbed).toEqual({ count: 3, p50: 5, p99: 9, max: 9 })
    expect(killed).toEqual({ count: 2, p50: 60, p99: 60, max: 60 })
  })
})

describe('a sound look', () => {
  const world = { store: 5 as AlarmTime, manager: 1 as AlarmTime, commits: 0 }
  const readings = (meanwhile: () => void) => ({
    version: () => world.commits,
    store: () => world.store,
    manager() {
      meanwhile()
      return world.manager
    },
  })

  it('does not take a commit and a write between its readings for a violation', () => {
    const moveLater = (): void => void Object.assign(world, { store: 9, commits: 1, manager: 9 })
    expect(lookSoundly(readings(moveLater))).toBeNull()
    expect(lookSoundly(readings(() => {}))).toEqual({ store: 9, manager: 9 })
  })

  it('is late where the manager is later, or has none', () => {
    expect(isLate({ store: 5, manager: 6 })).toBe(true)
    expect(isLate({ store: 5, manager: null })).toBe(true)
    expect(isLate({ store: 5, manager: 5 })).toBe(false)
    expect(isLate({ store: null, manager: 5 })).toBe(false)
    expect(isLate({ store: null, manager: null })).toBe(false)
  })
})

describe('what nolater doctor says at the end of a run', () => {
  it('is of its manager and of all its stores', async () => {
    const path = mkdtempSync(join(tmpdir(), 'nolater-fleet-doctor-'))
    onTestFinished(() => rmSync(path, { recursive: true }))
    const files = folderAt(path)
    const manager = sqliteManager({ file: files.manager })
    for (const [i, key] of ['a', 'b'].entries()) {
      const store = sqliteStore({ file: files.actor(i), key, manager, scheduler: injectedClock })
      store.alarm.set(injectedClock.now() + 3_600_000)
      await lastValueFrom(store.alarm.drained())
      store.close()
    }
    manager.close()
    const says = (): string => doctorSays(files, 2, resolve('src/operating/command/main.ts'))
    expect(says()).toMatch(/\nNothing is wrong with the manager and its stores\.\n$/)
    sabotage(files.manager, Number.MAX_SAFE_INTEGER)
    expect(says()).toContain('which is later')
  })
})

describe('the outside check', () => {
  let folder: string
  let check: OutsideCheck
  const fileOf = (index: number): string => join(folder, `${index}.db`)

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nolater-fleet-test-'))
    check = outsideCheck(join(folder, 'manager.db'), { keys: ['a', 'b', 'not there'], fileOf })
  })
  afterEach(() => {
    check.close()
    rmSync(folder, { recursive: true })
  })

  /** Two actors, at 1000 and 2000, committed and known to the manager. */
  async function twoActors(): Promise<void> {
    const manager = sqliteManager({ file: join(folder, 'manager.db') })
    for (const [i, key] of ['a', 'b'].entries()) {
      const store = sqliteStore({ file: fileOf(i), key, manager, scheduler: injectedClock })
      prepareJournal(store)
      const time = 1_000 * (i + 1)
      store.transaction(() => {
        note(store, { at: i, kind: 'set', time, stands: time, line: i })
        store.alarm.set(time)
      })
      await lastValueFrom(store.alarm.drained())
      store.close()
    }
    manager.close()
  }

  it('says nothing about what does not exist yet', () => {
    expect(check.look(0)).toBeNull()
    expect(check.lookAtAll()).toEqual({ late: [], looks: 0 })
  })

  it('finds nothing where all is well', async () => {
    await twoActors()
    expect(check.lookAtAll()).toEqual({ late: [], looks: 2 })
    expect(check.answered()).toEqual(
      new Map([
        ['a', 0],
        ['b', 1],
      ]),
    )
    expect(check.owed(999)).toBe(0)
    expect(check.owed(1_000)).toBe(2) // the store's and the manager's
    expect(check.judgeAll(999).map(({ key, epoch, judgement }) => ({ key, epoch, judgement }))).toEqual([
      { key: 'a', epoch: 1, judgement: { owed: [], lost: [], early: 0 } },
      { key: 'b', epoch: 1, judgement: { owed: [], lost: [], early: 0 } },
    ])
  })

  it('finds a planted violation', async () => {
    await twoActors()
    sabotage(join(folder, 'manager.db'), 10_000)
    expect(check.look(0)).toEqual({ late: null })
    expect(check.look(1)?.late).toMatchObject({ key: 'b', store: 2_000, manager: 3_602_000 })
    expect(check.lookAtAll()).toMatchObject({ looks: 2, late: [{ key: 'b' }] })
  })

  it('finds an alarm that the manager has lost, and is content with an earlier one', async () => {
    await twoActors()
    change(
      join(folder, 'manager.db'),
      "DELETE FROM alarm WHERE key = 'a'; UPDATE alarm SET time = 5 WHERE key = 'b'",
    )
    expect(check.lookAtAll().late).toMatchObject([{ key: 'a', store: 1_000, manager: null }])
  })

  it('finds a planted loss', async () => {
    await twoActors()
    change(fileOf(1), 'UPDATE _nolater_actor SET alarm = NULL')
    const lost = check.judgeAll(1_500).flatMap(({ judgement }) => judgement.lost)
    expect(lost).toEqual([
      'the alarm 1000 was due and no handler began',
      'the store holds null, its journal says 2000',
    ])
  })

  function change(file: string, sql: string): void {
    const db = new DatabaseSync(file)
    db.exec(sql)
    db.close()
  }
})
