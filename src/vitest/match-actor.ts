import { explainMarbles } from '../marbles/index.ts'
import { type OpenActor, runActor } from './actor.ts'
import { readPlay } from './acts.ts'

/** Says how an actor differs from its scenario, or `''`. */
export function matchActor(open: OpenActor, text: string, title: string): string {
  return explainMarbles(runActor(open, readPlay(text, title)))
}
