import { fleetSheet } from '../picture/sheets.ts'
import { ACTORS } from '../run/plan.ts'
import { drawn } from './drawn.ts'
import { find, make } from './find.ts'
import { openPanel } from './panel.ts'
import type { Player } from './player.ts'
import { letWalk } from './walk.ts'

/** All actors as nolater keeps them: what its engine tells, on the same ruler. */
export function openFleetView(player: () => Player): { show(): void } {
  const panels = ACTORS.map((actor) => {
    const panel = openPanel(`${actor}, kept by nolater`, true)
    letWalk(panel.element, () => player().play(false))
    find('fleet').append(make('article', '', make('header', '', make('h3', '', actor)), panel.element))
    return { actor, panel, sheetOf: drawn(fleetSheet) }
  })
  return {
    show() {
      const { run, now, isPlaying } = player()
      for (const { actor, panel, sheetOf } of panels) {
        panel.show(() => sheetOf(run.fleets.nolater.actors[actor], run.now), now, isPlaying)
      }
    },
  }
}
