import type { Drawers } from './draw-pen.ts'

const MOVES = {
  earlier: { sign: '<', says: 'earlier than', so: ': the manager gets it first' },
  later: { sign: '>', says: 'later than', so: ': committed first, then written to the manager' },
  same: { sign: '=', says: 'the same as', so: '' },
} as const

/** What is asked for, how it stands to the bound, and what becomes of it before anything is called. */
export const intents: Drawers<'intent' | 'touched' | 'held' | 'released' | 'superseded'> = {
  intent({ time, move, unconfirmed, bound }, { sheet, print, from, moment }) {
    const asked = time === null ? 'delete' : print.alarm(time)
    const { sign, says, so } = MOVES[move]
    sheet.point('intents', {
      look: 'intent',
      from,
      time,
      label: unconfirmed ? `${asked}?` : asked,
      tooltip: `${time === null ? asked : `set ${asked}`} at ${moment}${unconfirmed ? ', which holds no gate' : ''}`,
    })
    const tooltip = `${asked} at ${moment}: ${says} the bound ${print.alarm(bound)}${so}`
    sheet.point('moves', { look: move, from, time, label: sign, tooltip })
  },
  touched({ unconfirmed }, { sheet, from, moment }) {
    sheet.point('intents', {
      look: 'intent',
      from,
      label: unconfirmed ? 'touch?' : 'touch',
      tooltip: `the state around the alarm changed at ${moment}${unconfirmed ? ', which holds no gate' : ''}`,
    })
  },
  held({ time }, { sheet, print, from, moment }) {
    const label = print.alarm(time)
    const tooltip = `${label} must go to the manager first, and waits from ${moment} for the write in flight`
    sheet.begin('held', { look: 'held', from, time, label, tooltip })
  },
  released({ time, heldFor }, { sheet, print, from }) {
    const story = `; after ${print.lasting(heldFor)} the alarm wanted is ${print.alarm(time)}`
    sheet.end(sheet.findOpen('held'), from, 'over', story)
  },
  superseded({ before, time, by }, { sheet, print, moment }) {
    const lane = before === 'commit' ? 'intents' : 'commits'
    const mark = sheet.find(lane, (mark) => mark.time === time)
    if (mark === undefined) return
    mark.superseded = true
    const never = before === 'commit' ? 'never committed' : 'never written to the manager'
    mark.tooltip += `; ${never}, ${print.alarm(by)} took its place at ${moment}`
  },
}
