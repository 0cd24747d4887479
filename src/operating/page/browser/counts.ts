import type { ListedState } from '../../../vocabulary/listed-alarm.ts'
import type { ManagerStats } from '../../../vocabulary/manager-stats.ts'
import { digits, printable } from '../../command/terminal.ts'
import { linkTo, readAddress } from './address.ts'
import { byId, make, setText } from './element.ts'
import { stateNames } from './words.ts'

const name = printable(document.body.dataset.name ?? '')
const states = [null, ...(Object.keys(stateNames) as ListedState[])]
const links = states.map((state) => {
  const count = make('strong', {}, '…')
  const name = state === null ? 'all' : stateNames[state]
  const link = make('a', { href: linkTo({ state }), 'data-state': state ?? 'all' }, count, ` ${name}`)
  return { state, link, count }
})

/** How many are in each state: each a link to the list of them. */
export function startCounts(): void {
  setText(byId('name'), name)
  byId('counts').append(...links.map(({ link }) => link))
}

export function drawCounts({ counts }: ManagerStats): void {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
  for (const { state, count, link } of links) {
    const held = state === null ? all : counts[state]
    setText(count, digits(held))
    link.toggleAttribute('data-none', held === 0)
  }
  document.title = `${digits(counts.failed)} failed, ${digits(counts.due)} due: ${name || 'nolater'}`
}

/** Which of them is looked at. */
export function markCounts(): void {
  const { key, state } = readAddress()
  for (const each of links) {
    if (key === null && each.state === state) each.link.setAttribute('aria-current', 'page')
    else each.link.removeAttribute('aria-current')
  }
}
