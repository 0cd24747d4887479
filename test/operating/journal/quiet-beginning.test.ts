import { describe, expect, it } from 'vitest'
import { fromQuietBeginning } from '../../../src/operating/journal/quiet-beginning.ts'
import type { JournalEvent } from '../../../src/sqlite/journal/journal-event.ts'

const kinds: Readonly<Record<string, object>> = {
  i: { kind: 'intent', time: 5, move: 'later', unconfirmed: false, bound: null, committed: null },
  c: { kind: 'commit-issued', time: 5 },
  a: { kind: 'commit-acknowledged', time: 5, took: 0 },
  d: { kind: 'drained', time: 5, caughtUp: true },
  '(': { kind: 'delivery-arrived', scheduledTime: 5, retryCount: 0 },
  ')': { kind: 'delivery-done', scheduledTime: 5, retryCount: 0 },
  '!': { kind: 'delivery-failed', scheduledTime: 5, retryCount: 0, error: { name: 'E', message: '' } },
  '~': { kind: 'delivery-rescheduled', scheduledTime: 5, retryCount: 0, time: 6 },
}

/** A letter is an event, its place is when. */
function chosen(story: string, limit: number, isWhole = false): string {
  const events = [...story].map((letter, at) => ({ at, key: 'k', ...kinds[letter] })) as JournalEvent[]
  return fromQuietBeginning(events, limit, isWhole)
    .map(({ at }) => story[at])
    .join('')
}

describe('the last events of a journal', () => {
  it.each<[what: string, story: string, limit: number, drawn: string]>([
    ['are from where all had agreed before, with what said so', 'icadicadica', 4, 'dicadica'],
    ['are from just there', 'icadicad', 4, 'dicad'],
    ['are from where the delivery had ended, too', 'icad(icad)icad(icad)ica', 7, 'd(icad)ica'],
    ['are from where it had failed', 'icad(!icaicaica', 6, 'dicaicaica'],
    ['are from where it was put right', 'icad(~icaicaica', 6, 'dicaicaica'],
    ['do not begin while the handler runs', 'icad(icadicadica', 8, 'd(icadicadica'],
    ['are from the next such place where the one before is far', 'icadcccccccccccccicadica', 6, 'dica'],
    ['are as many as asked for, where there is none near', 'icadccccccccccccccccccica', 6, 'cccica'],
    ['are as many as asked for, where there is none', 'cacacaca', 4, 'caca'],
    ['are not cut short by much', 'cacacaicad', 6, 'acaicad'.slice(1)],
    ['are all, where there are few, without the end of what is cut off', 'caicadica', 20, 'dica'],
    ['are all, where that would be most of them', 'cacacacaicad(', 14, 'cacacacaicad('],
  ])('%s', (_, story, limit, drawn) => {
    expect(chosen(story, limit)).toBe(drawn)
  })

  it('begin with the first one, where nothing was before it', () => {
    expect(chosen('caicadica', 20, true)).toBe('caicadica')
    expect(chosen('caicadica', 8, true)).toBe('caicadica')
    expect(chosen('caicadica', 3, true)).toBe('dica')
  })

  it('may be none', () => {
    expect(chosen('', 5)).toBe('')
    expect(chosen('', 5, true)).toBe('')
  })
})
