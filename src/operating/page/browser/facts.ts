import { isLive, type ManagerStats } from '../../../vocabulary/manager-stats.ts'
import { digits, printable } from '../../command/terminal.ts'
import { duration } from '../../times.ts'
import { linkTo } from './address.ts'
import { changeButton } from './changes.ts'
import { byId, make } from './element.ts'
import { timeElement } from './times.ts'
import { keyText, scopeText } from './words.ts'

const NOTHING = 'Nothing delivers: what is due stays due.'

let drawn = ''

/** How late, how fast, by which processes, and what is paused. */
export function drawFacts(stats: ManagerStats, canChange: boolean): void {
  const { oldest, at, paused, deliverers } = stats
  // The ages go on by themselves: what has not changed is not drawn again, and keeps its focus.
  const now = JSON.stringify([
    { ...stats, at: 0, oldest: oldest && [oldest.key, at - oldest.overdue] },
    canChange,
  ])
  if (now === drawn) return
  drawn = now
  const section = byId('facts')
  const focused = section.contains(document.activeElement)
    ? (document.activeElement?.textContent ?? null)
    : null
  const isOpen = section.querySelector('details')?.open === true
  section.replaceChildren(
    oldest === null
      ? make('p', {}, 'Nothing is due.')
      : make(
          'p',
          {},
          'Late most: ',
          make('a', { href: linkTo({ key: oldest.key }), class: 'key' }, keyText(oldest.key)),
          ', due ',
          timeElement(at - oldest.overdue),
        ),
    make('p', {}, lastMinute(stats)),
    deliverers.length === 0 ? make('p', { class: 'bad' }, NOTHING) : deliverersOf(stats, isOpen),
    ...paused.map((scope) =>
      make('p', { class: 'paused' }, `Paused: ${scopeText(scope)} `, ...changeButton('resume', { scope })),
    ),
    ...(canChange ? [make('p', {}, ...changeButton('pause', { scope: {} }))] : []),
  )
  if (focused === null) return
  // What had the focus may be gone: another button in its place would be pressed instead.
  const all = [...section.querySelectorAll<HTMLElement>('a, button, summary')]
  const same = all.find(({ textContent }) => textContent === focused)
  ;(same ?? section).focus({ preventScroll: true })
}

function lastMinute({ fires, failures, lateness: { p50, p99, max } }: ManagerStats): string {
  const rate = `In the last minute ${digits(fires)} deliveries a second, ${digits(failures)} failed`
  if (p50 === null || p99 === null || max === null) return `${rate}.`
  return `${rate}; half of them late by ${duration(p50)} at most, 99 of 100 by ${duration(p99)}, all by ${duration(max)}.`
}

function deliverersOf({ deliverers, at }: ManagerStats, isOpen: boolean): HTMLElement {
  const live = deliverers.filter((deliverer) => isLive(deliverer, at)).length
  const hung = deliverers.length - live
  const count = live === 0 ? NOTHING : live === 1 ? '1 delivers.' : `${live} deliver.`
  return make(
    'details',
    isOpen ? { open: '' } : {},
    make('summary', hung > 0 ? { class: 'bad' } : {}, hung > 0 ? `${count} ${hung} dead or hung.` : count),
    make(
      'ul',
      {},
      ...deliverers.map(({ process, holder, since, seen }) =>
        make(
          'li',
          {},
          `${printable(process) || holder}: began `,
          timeElement(since),
          ', reported ',
          timeElement(seen),
        ),
      ),
    ),
  )
}
