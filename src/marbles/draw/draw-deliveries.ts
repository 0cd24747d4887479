import { type Drawers, reason } from './draw-pen.ts'
import type { Draft, Sheet } from './draw-sheet.ts'

interface Delivered {
  readonly scheduledTime: number
  readonly retryCount: number
}

/** The delivery that an event is about: the one whose handler runs, or one that waits for its turn. */
function deliveryOf(sheet: Sheet, { scheduledTime }: Delivered, isRunning: boolean): Draft | undefined {
  return sheet.findOpen('deliveries', (mark) => {
    return mark.time === scheduledTime && (mark.run !== undefined) === isRunning
  })
}

/** Wake-ups, from their arrival until the manager is answered. */
export const deliveries: Drawers<
  | 'delivery-arrived'
  | 'violation'
  | 'delivery-run'
  | 'delivery-rescheduled'
  | 'delivery-done'
  | 'delivery-failed'
> = {
  'delivery-arrived'({ scheduledTime: time, retryCount }, { sheet, print, from, moment }) {
    const alarm = print.alarm(time)
    const retry = retryCount > 0 ? `, retry ${retryCount}` : ''
    sheet.begin('deliveries', {
      look: 'delivery',
      from,
      time,
      label: retryCount > 0 ? `${alarm} r${retryCount}` : alarm,
      tooltip: `woken for ${alarm}${retry}: arrived at ${moment}`,
    })
  },
  violation({ manager, committed }, { sheet, print, note }) {
    const late = `the manager held ${print.alarm(manager)}, after the committed ${print.alarm(committed)}`
    const mark = sheet.findOpen('deliveries', (mark) => mark.time === manager)
    if (mark !== undefined) {
      mark.label += '!'
      mark.tooltip += `; violation: ${late}`
    }
    note(`violation: ${late}`)
  },
  'delivery-run'(event, { sheet, from, moment }) {
    const mark = deliveryOf(sheet, event, false)
    if (mark === undefined) return
    mark.run = from
    mark.tooltip += `, the handler starts at ${moment}${event.deletes ? ' and its success deletes the alarm' : ''}`
  },
  'delivery-rescheduled'(event, { sheet, print, from, moment }) {
    const story = `, too early: the manager has ${print.alarm(event.time)} instead at ${moment}`
    sheet.end(deliveryOf(sheet, event, false), from, 'over', story)
  },
  'delivery-done'(event, { sheet, from, moment }) {
    sheet.end(deliveryOf(sheet, event, true), from, 'acknowledged', `, done at ${moment}`)
  },
  'delivery-failed'(event, { sheet, print, from, moment, note }) {
    const mark = deliveryOf(sheet, event, true) ?? deliveryOf(sheet, event, false)
    sheet.end(mark, from, 'failed', `, failed at ${moment}: ${reason(event.error)}`)
    note(`delivery ${print.alarm(event.scheduledTime)} failed: ${reason(event.error)}`)
  },
}
