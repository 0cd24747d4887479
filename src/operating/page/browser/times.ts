import { fromNow, instant } from '../../times.ts'
import { make, setText } from './element.ts'

/** ms that the manager's clock is ahead of this browser's. */
let ahead = 0

export function setClock(at: number): void {
  ahead = at - Date.now()
}

export function now(): number {
  return Date.now() + ahead
}

/** How far away a time is, which goes on by itself; the time itself in its title. */
export function timeElement(at: number): HTMLTimeElement {
  const iso = instant(at)
  return make('time', { datetime: iso, title: iso, 'data-at': `${at}` }, fromNow(at, now()))
}

/** Brings all of them up to date. */
export function tick(): void {
  for (const element of document.querySelectorAll<HTMLElement>('time[data-at]')) {
    setText(element, fromNow(Number(element.dataset.at), now()))
  }
}
