import type { ListedAlarm } from '../../../vocabulary/listed-alarm.ts'
import type { ManagerStats } from '../../../vocabulary/manager-stats.ts'
import { dueOf } from '../../listed-times.ts'
import type { ListAnswer } from '../shapes.ts'
import { type Address, linkTo } from './address.ts'
import { changeButton } from './changes.ts'
import { byId, make, setText, within } from './element.ts'
import { timeElement } from './times.ts'
import { errorText, keyText, listTitles, scopeText, stateText } from './words.ts'

let drawn = ''
let pageOf: string | null = null // after which it begins

/** A page of the list. What has not changed is not drawn again; a row that has the focus keeps it. */
export function drawList(
  answer: ListAnswer,
  address: Address,
  canChange: boolean,
  stats: ManagerStats | null,
): void {
  const rows = answer.alarms.map((alarm) => [alarm, stateText(alarm, stats)] as const)
  const now = JSON.stringify([answer, rows.map(([, state]) => state), address, canChange])
  if (now === drawn) return
  drawn = now
  const { state, prefix, after } = address
  const section = byId('list')
  setText(byId('list-title'), titleOf(address))
  byId('scope').replaceChildren(...(prefix === '' ? [] : changeButton('pause', { scope: { prefix } })))

  const body = within(section, 'tbody')
  const focused = (document.activeElement as HTMLElement | null)?.dataset.key
  body.replaceChildren(...rows.map(rowOf))
  if (focused !== undefined) focusRow(focused)
  if (after !== pageOf) showTop(answer.alarms[0]?.key)
  pageOf = after

  setText(byId('end'), endOf(answer, address))
  const last = answer.alarms.at(-1)
  byId('pager').replaceChildren(
    ...(after === null ? [] : [make('a', { href: linkTo({ state, prefix }) }, 'First page')]),
    ...(answer.more && last !== undefined
      ? [make('a', { href: pageAfter(address, last) }, 'Next page')]
      : []),
  )
}

/** Another page is read from its top, and by the keyboard from its first row. */
function showTop(first: string | undefined): void {
  byId('list-title').scrollIntoView({ block: 'nearest' })
  if (first !== undefined) focusRow(first)
}

export function focusRow(key: string): void {
  const row = [...document.querySelectorAll<HTMLElement>('#list [data-key]')].find(
    (each) => each.dataset.key === key,
  )
  row?.focus({ preventScroll: true })
}

function rowOf([alarm, stated]: readonly [ListedAlarm, string]): HTMLElement {
  const { key, state, failures, lastError } = alarm
  const cell = (attributes: Readonly<Record<string, string>>, ...children: readonly (Node | string)[]) =>
    make('td', attributes, ...children)
  const link = make(
    'a',
    { href: linkTo({ key }), class: 'key', title: keyText(key), 'data-key': key },
    keyText(key),
  )
  return make(
    'tr',
    { 'data-state': state },
    cell({ class: 'of-key' }, link),
    cell({ class: 'of-state' }, stated),
    cell({ class: 'of-time' }, timeElement(dueOf(alarm))),
    cell({ class: 'of-failures number' }, failures === 0 ? '' : `${failures}`),
    cell({ class: 'of-error' }, errorText(lastError)),
  )
}

function titleOf({ state, prefix }: Address): string {
  const which = state === null ? 'All alarms' : (listTitles[state] ?? state)
  return prefix === '' ? which : `${which}: ${scopeText({ prefix }).replace('all alarms whose ', '')}`
}

function endOf({ alarms, more, cut }: ListAnswer, { after }: Address): string {
  if (cut) return 'The search took too long and was ended: there may be more. A longer beginning finds more.'
  if (alarms.length === 0) return after === null ? 'There are none.' : 'There are no more.'
  return more ? '' : 'These are all.'
}

function pageAfter({ state, prefix }: Address, { key, due, time }: ListedAlarm): string {
  return linkTo({ state, prefix, after: key, at: `${due ?? time}` })
}
