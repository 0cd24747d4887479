import { drawTimeline } from 'nolater/marbles'
import { find } from './find.ts'
import type { Player } from './player.ts'

const EVENTS = 120

/** The same story as a terminal prints it. Drawn when it is looked at and time stands still. */
export function openStoryText(player: () => Player): { show(): void } {
  const details = find<HTMLDetailsElement>('text')
  const pre = details.querySelector('pre')!
  const show = (): void => {
    const { run, actor, isPlaying } = player()
    if (!details.open || isPlaying) return
    const events = run.fleets.nolater.actors[actor].timeline.events.slice(-EVENTS)
    pre.textContent = drawTimeline({ events }, { format: 'ascii', width: 120 })
  }
  details.addEventListener('toggle', show)
  return { show }
}
