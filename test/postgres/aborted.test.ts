import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { aborted } from '../../src/postgres/aborted.ts'

describe('aborted', () => {
  it('errors with the reason, when it comes or where it has come, and listens no longer', () => {
    const controller = new AbortController()
    const { signal } = controller
    const seen: unknown[] = []
    const hear = () => aborted(signal).subscribe({ error: (error) => seen.push(error) })
    hear().unsubscribe()
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    hear()
    controller.abort('why')
    expect(seen).toEqual(['why'])
    hear()
    expect(seen).toEqual(['why', 'why'])
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})
