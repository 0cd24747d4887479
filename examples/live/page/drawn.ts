import type { Sheet } from '../picture/sheet.ts'
import type { Actor } from '../run/actor.ts'

const LONGEST = 30_000 // ms; the widest screen shows less

/** Draws an actor's last half minute, and again only when something has happened to it. */
export function drawn(draw: (actor: Actor, since: number) => Sheet): (actor: Actor, now: number) => Sheet {
  let last: { readonly actor: Actor; readonly revision: number; readonly sheet: Sheet } | undefined
  return (actor, now) => {
    const { revision } = actor
    if (last?.actor !== actor || last.revision !== revision) {
      last = { actor, revision, sheet: draw(actor, now - LONGEST) }
    }
    return last.sheet
  }
}
