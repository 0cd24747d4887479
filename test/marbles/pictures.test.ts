import { describe, expect, it } from 'vitest'
import { currentPages, notCurrent } from './draw-all.ts'

describe('what README.md and docs/ show of the diagrams', () => {
  it('is current; `npm run marbles` brings it up to date', () => {
    expect(notCurrent()).toEqual([])
  })

  it('is something', () => {
    const pages = [...currentPages().keys()]
    expect(pages).toContain('README.md')
    expect(pages).toContain('docs/marbles/earlier-waits-for-later-in-flight.svg')
  })
})
