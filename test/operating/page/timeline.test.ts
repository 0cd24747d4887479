import { DatabaseSync } from 'node:sqlite'
import { memoryManager } from 'nolater'
import { describe, expect, it } from 'vitest'
import { newFile, newManager } from '../../sqlite/files.ts'
import { rig } from '../../sqlite/journal/rig.ts'
import { run } from '../command/run.ts'
import { serve } from './serve.ts'

const markup = '<img src=x onerror="alert(1)">'

/** The page of a manager, with a journal that has so many events of an actor. */
async function stage(key: string, count: number) {
  const { file, emit, journal } = rig()
  emit(key, count)
  await journal.close()
  const { ask } = await serve(memoryManager(), { journal: file })
  const timeline = async (query: Record<string, string>) => {
    const { status, body } = await ask(`/timeline?${new URLSearchParams(query)}`)
    return { status, body, read: () => JSON.parse(body) }
  }
  return { file, timeline }
}

describe('the timeline of an actor', () => {
  it('is its last events, drawn as wide as is asked for, and as the text that the command prints', async () => {
    const { file, timeline } = await stage('a', 90)
    const { parts, text } = (await timeline({ key: 'a', width: '700' })).read()
    expect(parts).toEqual([{ title: expect.any(String), svg: expect.stringMatching(/^<svg .* width="700"/) }])
    expect(parts[0].title).toMatch(/^40 of 90 events, the last at 1970-01-01T00:00:00.090Z$/)
    const target = newFile()
    newManager({ file: target })
    expect((await run(['show', target, 'a', '--journal', file])).out).toBe(text)
    expect((await timeline({ key: 'a' })).read().parts[0].svg).toMatch(/^<svg .* width="960"/)
  })

  it('is apart where events were lost, and says so', async () => {
    const { file, timeline } = await stage('a', 2)
    const db = new DatabaseSync(file)
    db.exec(
      `INSERT INTO turn (key, recording, last, events) VALUES (NULL, 1, 0, '{"kind":"gap","at":2,"until":9,"lost":3}')`,
    )
    db.close()
    const { parts } = (await timeline({ key: 'a' })).read()
    expect(parts).toEqual([
      { title: expect.any(String), svg: expect.any(String) },
      { gap: expect.stringMatching(/^Here 3 events of all actors were lost/) },
    ])
  })

  it('is empty for an actor of which there is nothing', async () => {
    const { timeline } = await stage('a', 1)
    expect((await timeline({ key: 'b' })).read()).toEqual({ parts: [], text: '' })
  })

  it('is text, whatever a key is made of', async () => {
    const { timeline } = await stage(markup, 1)
    const { parts } = (await timeline({ key: markup })).read()
    expect(parts).toHaveLength(1)
    expect(parts[0].svg).not.toContain('<img')
  })

  it('needs a journal that is there, a key, and a width that can be drawn', async () => {
    const { timeline } = await stage('a', 1)
    for (const [query, message] of [
      [{}, /Give its key/],
      [{ key: 'a', width: '359' }, /width must be/],
      [{ key: 'a', width: '4001' }, /width must be/],
      [{ key: 'a', width: 'x' }, /width must be/],
    ] as const) {
      const { status, body } = await timeline(query)
      expect([status, body]).toEqual([400, expect.stringMatching(message)])
    }
    const none = await serve(memoryManager())
    expect(await none.ask('/timeline?key=a')).toMatchObject({ status: 404 })
    expect((await none.ask('/')).body).not.toContain('data-journal')
    const gone = await serve(memoryManager(), { journal: newFile() })
    expect((await gone.ask('/')).body).toContain('data-journal')
    expect(await gone.ask('/timeline?key=a')).toMatchObject({
      status: 500,
      body: expect.stringMatching(/^There is no file/),
    })
  })
})
