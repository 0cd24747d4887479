import { CONTENDERS } from '../run/contenders.ts'
import { scoreOf } from '../run/score.ts'
import { find } from './find.ts'
import type { Player } from './player.ts'

/** Tells a screen reader what eyes would jump to: the first divergence of each, once, and never twice in one breath. */
export function openAnnouncer(player: () => Player): { show(): void } {
  let told = new Set<string>()
  let run = player().run
  return {
    show() {
      if (player().run !== run) told = new Set()
      run = player().run
      for (const { id, title } of CONTENDERS) {
        const { first } = scoreOf(run.fleets[id])
        if (first === null || told.has(id)) continue
        told.add(id)
        find('announcer').textContent =
          `${title} diverged at ${first.from / 1000} seconds: the manager of ${first.actor} is later than its store.`
      }
    },
  }
}
