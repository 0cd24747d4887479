import type { AlarmTime } from '../../index.ts'
import type { Belief } from '../timeline/timeline-belief.ts'
import type { Gate } from '../timeline/timeline-gate.ts'
import type { Pen } from './draw-pen.ts'

/** What the manager and the store may hold, as far as can be known from outside. */
export function drawBelief({ manager, store }: Belief, pen: Pen): void {
  drawState('manager', 'the manager holds', manager, pen)
  drawState('store', 'the store has committed', store, pen)
}

function drawState(look: 'manager' | 'store', says: string, times: readonly AlarmTime[], pen: Pen): void {
  const { sheet, print, from, moment } = pen
  const each = times.map((time) => print.alarm(time))
  const known =
    each.length > 1 ? `${each.join(' or ')}, it is unknown which` : (each[0] ?? 'an unknown alarm')
  sheet.state(look, {
    look,
    from,
    label: print.oneOf(times),
    tooltip: `from ${moment} on ${says} ${known}`,
    ...(each.length > 1 && { uncertain: true }),
  })
}

const SAYS = {
  closed: (moment: string) => `the gate closes at ${moment}`,
  broken: (moment: string) => `broken at ${moment}: nothing leaves any more`,
}

export function drawGate(gate: Gate, { sheet, from, moment }: Pen): void {
  const shut = sheet.findOpen('gate')
  if (gate === 'open') {
    sheet.end(shut, from, 'over', `, opens at ${moment}`)
    return
  }
  if (shut?.look === gate) return
  sheet.end(shut, from, null, `, until ${moment}`)
  sheet.begin('gate', { look: gate, from, label: '', tooltip: SAYS[gate](moment) })
}
