import { join } from 'node:path'

/** Where everything is: all that the processes of a run share, and all that is left when one is killed. */
export interface Folder {
  readonly plan: string
  readonly manager: string
  /** by number: a name may hold anything, a file name may not */
  actor(index: number): string
  /** of the host's nth life */
  tally(life: number): string
  /** what happened to one actor, in one opening of it */
  story(life: number, chapter: number): string
  /** lines of the script that must be asked again in this life */
  again(life: number): string
}

export function folderAt(path: string): Folder {
  return {
    plan: join(path, 'plan.json'),
    manager: join(path, 'manager.db'),
    actor: (index) => join(path, `actor-${index}.db`),
    tally: (life) => join(path, `tally-${life}`),
    story: (life, chapter) => join(path, `story-${life}-${chapter}.json`),
    again: (life) => join(path, `again-${life}.json`),
  }
}
