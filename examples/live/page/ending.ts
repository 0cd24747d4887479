import { CONTENDERS } from '../run/contenders.ts'
import { LONGEST } from '../run/plan.ts'
import { scoreOf } from '../run/score.ts'
import { find } from './find.ts'
import type { Player } from './player.ts'

/** Says that a run is over, and what it came to. */
export function openEnding(player: () => Player): { show(): void } {
  const ending = find('ending')
  let shown = ''
  return {
    show() {
      const text = textOf(player())
      if (text === shown) return // a live region that is written again is read again
      shown = text
      ending.textContent = text
    },
  }
}

function textOf({ run, isAtEnd }: Player): string {
  if (!isAtEnd) return ''
  const why = run.now === LONGEST ? `no run is longer than ${LONGEST / 1000} s` : 'nothing is left to happen'
  const results = CONTENDERS.map(({ id, title }) => {
    const { late, lost } = scoreOf(run.fleets[id])
    return `${title} ${late} late, ${lost} lost`
  })
  return `Over: ${why}. ${results.join('; ')}.`
}
