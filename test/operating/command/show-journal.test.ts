import { DatabaseSync } from 'node:sqlite'
import { Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { KeyedEvent } from '../../../src/index.ts'
import { drawTimeline, type Timeline } from '../../../src/marbles/index.ts'
import { recordJournal } from '../../../src/sqlite/index.ts'
import { recorded } from '../../marbles/draw-recorded.ts'
import { newFile, newManager } from '../../sqlite/files.ts'
import { counted } from '../../sqlite/journal/rig.ts'
import { run } from './run.ts'

const start = Date.UTC(2030, 0)
const HOUR = 3_600_000

/** A manager that holds an alarm of `42`, and a journal of an alarm of the same key that was set three times. */
async function kept(options: { times?: number } = {}) {
  const [target, file] = [newFile(), newFile()]
  const manager = newManager({ file: target })
  await manager.write('42', start + HOUR, { key: '42', move: 'later', fence: 1, attempt: 1 })
  const { alarm, clock, recording } = recorded({ commit: () => 2, write: () => 3 }, { key: '42', start })
  const journal = recordJournal(alarm, { file })
  for (let i = 0; i < (options.times ?? 3); i++) {
    alarm.set(start + HOUR - 1_000 * (i % 2))
    clock.advance(10)
  }
  await journal.close()
  return { target, file, timeline: recording.timeline }
}

const picture = (timeline: Timeline, title: string, width = 80): string =>
  drawTimeline(timeline, { format: 'ascii', width, title })

describe('nolater show with a journal', () => {
  it('draws what happened last, as wide as the terminal', async () => {
    const { target, file, timeline } = await kept()
    const { events } = timeline
    const title = `${events.length} of ${events.length} events, the last at 2030-01-01T00:00:00.025Z`
    const shown = await run(['show', target, '42', '--journal', file])
    expect(shown).toMatchObject({ code: 0, said: '' })
    expect(shown.out).toMatch(/^key +42\n/)
    expect(shown.out.endsWith(`\n\n${picture(timeline, title)}`)).toBe(true)
    const wide = await run(['show', target, '42', '--journal', file], { columns: 120 })
    expect(wide.out.endsWith(`\n\n${picture(timeline, title, 120)}`)).toBe(true)
    const narrow = await run(['show', target, '42', '--journal', file], { columns: 10 })
    expect(narrow.out.endsWith(picture(timeline, title, 40))).toBe(true)
  })

  it('draws the last 40, or as many as are asked for, from where nothing was under way', async () => {
    const { target, file, timeline } = await kept({ times: 30 })
    const drawn = async (...more: string[]) => {
      const { out } = await run(['show', target, '42', '--journal', file, ...more])
      return Number(/^(\d+) of \d+ events/m.exec(out)![1])
    }
    expect(timeline.events.length).toBeGreaterThan(100)
    expect(await drawn()).toBeGreaterThanOrEqual(40)
    expect(await drawn()).toBeLessThan(50)
    expect(await drawn('--limit', '10')).toBeLessThan(20)
    const { out } = await run(['show', target, '42', '--journal', file, '--limit', '10'])
    expect(out).toMatch(/^store +\+\S+ /m) // it is known from the first column on
  })

  it('prints the alarm and its events as JSON', async () => {
    const { target, file, timeline } = await kept()
    const lines = async (...more: string[]) => {
      const { out } = await run(['show', target, '42', '--journal', file, '--json', ...more])
      return out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    }
    const [alarm, ...events] = await lines()
    expect(alarm).toMatchObject({ key: '42', state: 'pending' })
    expect(events).toEqual(timeline.events)
    expect((await lines('--limit', '2')).slice(1)).toEqual(timeline.events.slice(-2))
  })

  it('says that the journal has nothing of a key, and shows its alarm', async () => {
    const { target } = await kept()
    const file = newFile()
    await recordJournal({ events$: new Subject<KeyedEvent>() }, { file }).close()
    expect(await run(['show', target, '42', '--journal', file])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^key +42\n[^|]*$/),
      said: 'The journal has nothing of "42".\n',
    })
    expect(await run(['show', target, 'none', '--journal', file])).toMatchObject({
      code: 1,
      out: '',
      said: 'There is no alarm of "none".\nThe journal has nothing of "none".\n',
    })
  })

  it('draws what happened to an actor that has no alarm any more', async () => {
    const { file } = await kept()
    const target = newFile()
    newManager({ file: target })
    const { code, out, said } = await run(['show', target, '42', '--journal', file])
    expect([code, said]).toEqual([0, 'There is no alarm of "42".\n'])
    expect(out).toMatch(/^\d+ of \d+ events/)
  })

  it('needs a journal that is there, and one', async () => {
    const { target, file } = await kept()
    const none = newFile()
    expect(await run(['show', target, '42', '--journal', none])).toMatchObject({
      code: 3,
      out: '',
      said: expect.stringContaining('There is no file'),
    })
    expect(await run(['show', target, '42', '--journal', target])).toMatchObject({
      code: 3,
      out: '',
      said: expect.stringContaining('is not one of journals'),
    })
    expect(await run(['show', file, '42'])).toMatchObject({
      code: 3,
      said: expect.stringContaining('is not one of alarms'),
    })
    expect(await run(['show', target, '42', '--limit', '5'])).toMatchObject({ code: 2 })
    expect(await run(['list', target, '--journal', file])).toMatchObject({ code: 2 })
  })

  it('changes nothing in the journal', async () => {
    const { target, file } = await kept()
    const { commits } = counted()
    await run(['show', target, '42', '--journal', file])
    expect(commits()).toBe(0)
    const db = new DatabaseSync(file)
    db.exec('DELETE FROM turn')
    db.close()
    expect((await run(['show', target, '42', '--journal', file])).said).toContain('nothing of "42"')
  })

  it('lets no text of an error move the cursor', async () => {
    const [target, file] = [newFile(), newFile()]
    newManager({ file: target })
    const events$ = new Subject<KeyedEvent>()
    const journal = recordJournal({ events$ }, { file })
    const key = '\u001b[2J\u202e'
    events$.next({ at: start, key, kind: 'broken', error: new Error('\u001b[31m\r\n\u202eevil') })
    await journal.close()
    const { out, said } = await run(['show', target, key, '--journal', file])
    expect(out).toContain('evil')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
    expect(out + said).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/)
  })
})
