import type { LookEvent, TroubleEvent } from '../shapes.ts'
import { byId, setText } from './element.ts'

const AGAIN = 5_000 // ms

/** Follows how the manager stands, while the page is seen: one that is hidden keeps no connection. */
export function follow(onLook: (look: LookEvent) => void): void {
  let source: EventSource | null = null
  let next: ReturnType<typeof setTimeout> | undefined

  function end(): void {
    clearTimeout(next)
    source?.close()
    source = null
  }
  function begin(): void {
    end()
    source = new EventSource('live')
    source.addEventListener('look', ({ data }) => {
      show('live', true)
      onLook(JSON.parse(data))
    })
    source.addEventListener('trouble', ({ data }) => show((JSON.parse(data) as TroubleEvent).message, false))
    source.addEventListener('error', () => {
      show('The server does not answer. Trying again.', false)
      // Where it refuses, the browser itself does not try again.
      if (source?.readyState === EventSource.CLOSED) next = setTimeout(begin, AGAIN)
    })
  }
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') begin()
    else end()
  })
  begin()
}

function show(text: string, isLive: boolean): void {
  const link = byId('link')
  link.classList.toggle('bad', !isLive)
  setText(link, text)
}
