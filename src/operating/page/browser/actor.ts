import type { AlarmScope } from '../../../vocabulary/alarm-scope.ts'
import type { ListedAlarm } from '../../../vocabulary/listed-alarm.ts'
import type { ManagerStats } from '../../../vocabulary/manager-stats.ts'
import { isSilent, leaseHolder } from '../../lease-holder.ts'
import { isPutOff } from '../../listed-times.ts'
import { pausesOf } from '../../scopes.ts'
import { instant } from '../../times.ts'
import type { Action } from '../shapes.ts'
import { changeButton, LEFT_LEASE, mayChange } from './changes.ts'
import { byId, make, setText, within } from './element.ts'
import { timeElement } from './times.ts'
import { errorText, keyText, scopeText, stateNames } from './words.ts'

let drawn = ''

/** All that is known of one alarm, and what can be done about it. */
export function drawActor(
  key: string,
  alarm: ListedAlarm | null,
  stats: ManagerStats | null,
  canChange: boolean,
): void {
  const pauses = stats === null ? [] : pausesOf(key, stats)
  const lease = alarm?.lease ?? null
  const holder = lease === null || stats === null ? (lease?.holder ?? '') : leaseHolder(lease, stats)
  const isLeft = lease !== null && stats !== null && isSilent(lease, stats)
  const now = JSON.stringify([key, alarm, pauses, holder, isLeft, canChange])
  if (now === drawn) return
  drawn = now
  const article = byId('actor')
  setText(byId('actor-key'), keyText(key))
  drawActions(key, alarm, pauses, isLeft)
  const rows = alarm === null ? [] : rowsOf(alarm, pauses, holder)
  within(article, 'dl').replaceChildren(
    ...rows.map(([name, ...values]) => make('div', {}, make('dt', {}, name), make('dd', {}, ...values))),
    ...(alarm === null ? [make('div', {}, make('dd', {}, 'It has no alarm.'))] : []),
  )
  const error = alarm?.lastError ?? null
  const section = byId('actor-error')
  section.hidden = error === null
  setText(within(section, 'p'), errorText(error))
  const stack = within(section, 'pre')
  stack.hidden = error?.stack === undefined
  setText(stack, error?.stack ?? '')
}

function drawActions(
  key: string,
  alarm: ListedAlarm | null,
  pauses: readonly AlarmScope[],
  isLeft: boolean,
): void {
  const actions = byId('actor-actions')
  const focused = document.activeElement?.textContent
  const hadFocus = actions.contains(document.activeElement)
  const changes = alarm === null ? [] : changesOf(alarm, isLeft)
  const buttons = [
    ...changes.flatMap((each) =>
      changeButton(each, { key, fence: alarm?.fence as number }, isLeft ? LEFT_LEASE : undefined),
    ),
    ...(pauses.length === 0
      ? changeButton('pause', { scope: { key } })
      : pauses.flatMap((scope) => changeButton('resume', { scope }))),
  ]
  const hint =
    mayChange() && buttons.length === 0 ? [make('span', {}, 'To change it, allow changes at the top.')] : []
  actions.replaceChildren(...buttons, ...hint)
  if (hadFocus) (buttons.find(({ textContent }) => textContent === focused) ?? byId('actor-key')).focus()
}

function changesOf(alarm: ListedAlarm, isLeft: boolean): readonly Action[] {
  if (alarm.state === 'failed') return ['retry', 'reschedule', 'discard']
  if (isPutOff(alarm)) return ['retry', 'reschedule']
  return isLeft ? ['retry'] : []
}

type Row = readonly [name: string, ...values: (Node | string)[]]

function rowsOf(alarm: ListedAlarm, pauses: readonly AlarmScope[], holder: string): readonly Row[] {
  const { state, time, due, fence, failures, lastError, lease, paused } = alarm
  const rows: Row[] = [
    ['State', ...meaningOf(alarm)],
    ['Set to', ...both(time)],
  ]
  if (isPutOff(alarm)) rows.push(['Rescheduled to', ...both(due as number)])
  if (state === 'backing-off') rows.push(['Delivered again', ...both(due as number)])
  rows.push(['Fence', `${fence}`], ['Failures', `${failures}`])
  if (paused) rows.push(['Paused', pauses.length === 0 ? 'yes' : pauses.map(scopeText).join(', and ')])
  if (lease !== null)
    rows.push(['Delivered by', holder], ['Lease ends', ...both(lease.until), ', then it is delivered again'])
  if (lastError !== null) rows.push(['Last failed', ...both(lastError.at)])
  if (lastError?.since !== undefined) rows.push(['Failing since', ...both(lastError.since)])
  return rows
}

function both(at: number): (Node | string)[] {
  return [timeElement(at), ` (${instant(at)})`]
}

function meaningOf({ state, due, paused }: ListedAlarm): (Node | string)[] {
  if (state === 'due')
    return ['was due ', timeElement(due as number), paused ? ', and is paused' : ', and is not taken']
  if (state === 'failed') return ['failed: given up, delivered no more']
  return [stateNames[state]]
}
