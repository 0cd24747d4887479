import type { AlarmScope } from '../../../vocabulary/alarm-scope.ts'
import { fromNow, instant } from '../../times.ts'
import type { Action } from '../shapes.ts'
import { askToChange } from './ask.ts'
import { byId, make, setText, within } from './element.ts'
import { say } from './say.ts'
import { now } from './times.ts'
import { keyText, scopeText } from './words.ts'

/** A failed alarm under the fence that was shown, or which alarms to pause. */
type Meant = { readonly key: string; readonly fence: number } | { readonly scope: AlarmScope }

interface Words {
  readonly name: string
  readonly done: string
  readonly what: string
}

const words: Readonly<Record<Action, Words>> = {
  retry: {
    name: 'Retry',
    done: 'Retried',
    what: 'It is delivered again at once, with all its retries.',
  },
  reschedule: {
    name: 'Reschedule',
    done: 'Rescheduled',
    what: 'It is delivered again at this time, with all its retries, and never before its own time. What it was set to stays.',
  },
  discard: {
    name: 'Discard',
    done: 'Discarded',
    what: 'The manager removes it. The store still holds it, and sets it again when the actor is opened: to have it gone, delete it through its actor.',
  },
  pause: {
    name: 'Pause',
    done: 'Paused',
    what: 'Nothing of this is delivered until it is resumed, in any process. What becomes due stays due, and is late. Handlers at work go on.',
  },
  resume: {
    name: 'Resume',
    done: 'Resumed',
    what: 'What has become due is delivered at once. A pause that is wider goes on.',
  },
}

/** What a retry does where a process has the alarm that does not report any more. */
export const LEFT_LEASE =
  'Its lease is ended if its process has not reported for 30 s and is gone from this machine, or has not reported for ten minutes: then it is delivered again at once.'

const HOUR = 3_600_000
const can = (document.body.dataset.can ?? '').split(' ')
let isOn = false
let turned = (): void => {}
let changed = (): void => {}

/** The switch, where anything may be changed at all: off each time that the page is opened. */
export function startChanges(onTurn: () => void, onChange: () => void): void {
  turned = onTurn
  changed = onChange
  const label = byId('switch')
  label.hidden = can.join('') === ''
  const box = within<HTMLInputElement>(label, 'input')
  box.checked = false
  box.addEventListener('change', () => {
    isOn = box.checked
    box.setAttribute('aria-checked', `${isOn}`)
    turned()
  })
}

export function canChange(): boolean {
  return isOn
}

/** Whether there is a switch that is off. */
export function mayChange(): boolean {
  return !isOn && can.join('') !== ''
}

/** A button for it; none while the switch is off, or where it is not allowed. */
export function changeButton(
  action: Action,
  meant: Meant,
  what = words[action].what,
): readonly HTMLButtonElement[] {
  if (!isOn || !can.includes(action)) return []
  const { name } = words[action]
  const subject = subjectOf(meant)
  const isWide = !('key' in meant) && !('key' in meant.scope)
  const text = isWide ? `${name} ${subject}` : name
  const button = make('button', { type: 'button', 'aria-label': `${name} ${subject}` }, text)
  button.addEventListener('click', () => void change(action, meant, what))
  return [button]
}

function subjectOf(meant: Meant): string {
  return 'key' in meant ? `the alarm of ${keyText(meant.key)}` : scopeText(meant.scope)
}

async function change(action: Action, meant: Meant, what: string): Promise<void> {
  const { name, done } = words[action]
  const subject = subjectOf(meant)
  const isTimed = action === 'reschedule'
  const time = await confirmed(`${name} ${subject}?`, what, name, isTimed)
  if (time === null) return
  try {
    await askToChange(action, { ...meant, ...(isTimed && { time }) })
    say(`${done} ${subject}${isTimed ? ` to ${instant(time)}, ${fromNow(time, now())}` : ''}.`)
  } catch (error) {
    say((error as Error).message, true)
  }
  changed()
}

/** Asks before it is done; resolves to the time that was given (0 where none is asked for), or `null`: it is not to be done. */
function confirmed(title: string, text: string, name: string, asksTime: boolean): Promise<number | null> {
  const dialog = within<HTMLDialogElement>(document.body, 'dialog')
  byId('dialog-title').textContent = title
  byId('dialog-text').textContent = text
  within(dialog, '.do').textContent = name
  const label = byId('dialog-time')
  const input = within<HTMLInputElement>(label, 'input')
  label.hidden = !asksTime
  input.disabled = !asksTime
  input.value = localText(now() + HOUR)
  // A slip of the year is seen before it is done.
  const far = within(label, 'output')
  const tellFar = (): void => {
    const time = new Date(input.value).getTime()
    setText(far, Number.isNaN(time) ? '' : fromNow(time, now()))
  }
  input.oninput = tellFar
  tellFar()
  dialog.returnValue = 'cancel'
  dialog.showModal()
  return new Promise((resolve) => {
    const end = (): void => {
      if (dialog.returnValue !== 'do') resolve(null)
      else resolve(asksTime ? new Date(input.value).getTime() : 0)
    }
    dialog.addEventListener('close', end, { once: true })
  })
}

/** As an input of a local time takes it. */
function localText(at: number): string {
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}
