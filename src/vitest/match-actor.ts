import { explainMarbles } from '../marbles/index.ts'
import { named } from '../marbles/scenario/unnamed.ts'
import { type OpenActor, runActor, runActorAsync } from './actor.ts'
import { printPlay, readPlay } from './acts.ts'

/** Says how an actor differs from its scenario, or `''`. */
export function matchActor(open: OpenActor, text: string, title: string): string {
  return explainMarbles(runActor(open, readPlay(text, title)))
}

/** Likewise, of one that waits for promises. */
export async function matchActorAsync(open: OpenActor, text: string, title: string): Promise<string> {
  return explainMarbles(await runActorAsync(open, readPlay(text, title)))
}

/** Likewise, of one whose scenario may still be unfinished, and what was seen as text. */
export function readActor(
  open: OpenActor,
  text: string,
  title: string,
): { readonly seen: string; readonly difference: string } {
  const play = readPlay(text, title, 'unfinished')
  const run = runActor(open, play)
  return {
    seen: printPlay({ ...play, scenario: named(run.seen, run.unnamed) }),
    difference: explainMarbles(run),
  }
}
