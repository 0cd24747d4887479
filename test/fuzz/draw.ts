import { from } from 'rxjs'
import { drawTimeline, recordTimeline } from '../../src/marbles/index.ts'
import type { Library } from './library.ts'
import { type Programme, printProgramme } from './programme.ts'
import { runProgramme } from './run-programme.ts'

/** A failing programme for people: what is wrong, the line that replays it, and its diagram where one can be drawn. */
export async function tell(programme: Programme, library?: Library): Promise<string> {
  const { faults } = await runProgramme(programme, library)
  const line = `  npm run fuzz -- --replay "${printProgramme(programme)}"`
  return [faults.join('\n'), line, await diagram(programme, library)].filter((part) => part !== '').join('\n')
}

/** Of the actors' events. More than one process may tell of an actor, and what never began cannot be drawn. */
async function diagram({ setting, words }: Programme, library?: Library): Promise<string> {
  const heard = await runProgramme({ setting: { ...setting, heard: 'true' }, words }, library)
  if (heard.faults.length === 0 || heard.events.length === 0) return ''
  try {
    return drawTimeline(recordTimeline(from(heard.events)).timeline, { format: 'ascii' })
  } catch {
    return ''
  }
}
