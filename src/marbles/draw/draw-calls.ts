import type { AlarmTime } from '../../index.ts'
import { type Drawers, type Pen, reason } from './draw-pen.ts'
import type { Draft } from './draw-sheet.ts'

const isWrite = ({ look }: Draft): boolean => look === 'write'

/** The call that is answered; it may have been issued before there was a subscriber. */
function called(
  look: 'write' | 'commit',
  time: AlarmTime,
  { sheet, print, from, first }: Pen,
): Draft | undefined {
  const isAsked = (mark: Draft): boolean => mark.look === look
  // Another keeper than ours may have several under way: an answer is that of the call with its time.
  const isIt = (mark: Draft): boolean => isAsked(mark) && mark.time === time
  const open = sheet.findOpen(`${look}s`, isIt) ?? sheet.findOpen(`${look}s`, isAsked)
  if (open !== undefined || from === first) return open
  const label = print.alarm(time)
  return sheet.begin(`${look}s`, {
    look,
    from: first,
    time,
    label,
    tooltip: `${look} ${label}: issued before`,
  })
}

/** Writes to the manager. */
export const writes: Drawers<
  | 'write-issued'
  | 'write-acknowledged'
  | 'write-failed'
  | 'write-fenced'
  | 'epoch-raised'
  | 'epoch-added'
  | 'write-retried'
  | 'write-given-up'
  | 'drained'
> = {
  'write-issued'({ time, move, fence, attempt }, { sheet, print, from, moment }) {
    const rest = sheet.findOpen('writes', (mark) => !isWrite(mark))
    sheet.end(rest, from, null, '')
    const label = print.alarm(time)
    const again = attempt > 1 ? `, attempt ${attempt}` : ''
    const tooltip = `write ${label}, ${move}, fence ${fence}${again}: issued at ${moment}`
    sheet.begin('writes', { look: 'write', from, time, label, tooltip })
  },
  'write-acknowledged'({ time, took }, pen) {
    const { sheet, print, from, moment } = pen
    const story = `, acknowledged at ${moment}${print.after(took)}`
    sheet.end(called('write', time, pen), from, 'acknowledged', story)
  },
  'write-failed'({ time, took, error }, pen) {
    const { sheet, print, from, moment, note } = pen
    const story = `, failed at ${moment}${print.after(took)}: ${reason(error)}`
    sheet.end(called('write', time, pen), from, 'failed', story)
    note(`write ${print.alarm(time)} failed: ${reason(error)}`)
  },
  'write-fenced'({ time, error }, pen) {
    const { sheet, print, from, moment, note } = pen
    const story = `, refused by the fence at ${moment}: ${reason(error)}`
    sheet.end(called('write', time, pen), from, 'fenced', story)
    note(`write ${print.alarm(time)} was refused by the fence: ${reason(error)}`)
  },
  'epoch-raised'({ held, epoch, fence }, { note }) {
    note(
      `the manager held fence ${held}, so the store raised its epoch to ${epoch}: the write goes on under ${fence}`,
    )
  },
  'epoch-added'({ epoch }, { note }) {
    note(`the writes do not fit into the epoch: the store gave the epoch ${epoch} as well`)
  },
  'write-retried'({ attempt, delay }, { sheet, print, from }) {
    const tooltip = `rests ${print.lasting(delay)} before attempt ${attempt + 1}`
    sheet.begin('writes', { look: 'rest', from, label: '', tooltip })
  },
  'write-given-up'({ time, attempt }, { sheet, print, from, note }) {
    sheet.end(sheet.find('writes', isWrite), from, 'given up', '; given up, the manager may be early')
    note(`write ${print.alarm(time)} was given up at attempt ${attempt}: the manager may be early`)
  },
  drained({ time, caughtUp }, { sheet, print, from, moment, note }) {
    const alarm = print.alarm(time)
    const said = caughtUp
      ? `drained at ${moment}: the store and the manager agree on ${alarm}`
      : `drained at ${moment} at ${alarm}, but the manager has not caught up`
    sheet.point('writes', { look: 'drained', from, time, label: '*', tooltip: said })
    if (!caughtUp) note(`drained at ${alarm}, but the manager has not caught up`)
  },
}

/** Commits to the store. */
export const commits: Drawers<'commit-issued' | 'commit-acknowledged' | 'commit-failed'> = {
  'commit-issued'({ time }, { sheet, print, from, moment }) {
    const label = print.alarm(time)
    sheet.begin('commits', {
      look: 'commit',
      from,
      time,
      label,
      tooltip: `commit ${label}: issued at ${moment}`,
    })
  },
  'commit-acknowledged'({ time, took }, pen) {
    const { sheet, print, from, moment } = pen
    const story = `, durable at ${moment}${print.after(took)}`
    sheet.end(called('commit', time, pen), from, 'acknowledged', story)
  },
  'commit-failed'({ time, took, error }, pen) {
    const { sheet, print, from, moment, note } = pen
    const story = `, failed at ${moment}${print.after(took)}: ${reason(error)}`
    sheet.end(called('commit', time, pen), from, 'failed', story)
    note(`commit ${print.alarm(time)} failed: ${reason(error)}`)
  },
}
