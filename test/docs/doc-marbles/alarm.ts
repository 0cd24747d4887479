import { readFileSync } from 'node:fs'
import { type Alarm, type AlarmConfig, keepAlarm, multiplexTimers, openAlarm, type Timers } from 'nolater'
import { drawTimeline, parseMarbles, printMarbles, recordTimeline, runMarbles } from 'nolater/marbles'
import { concat, from, NEVER } from 'rxjs'

/** Runs the picture of an alarm, and prints what was seen; through the operator, or the timers, where it is theirs. */
export function runAlarm(name: string, picture: string): string {
  const added = ['title', 'alarm'].filter((line) => !new RegExp(`^${line} `, 'm').test(picture))
  const header = added.map((line) => `${line}     ${line === 'title' ? name : 'none'}\n`).join('')
  const { seen, faults } = runMarbles(parseMarbles(header + picture), {
    through: name === 'keepAlarm' ? 'keepAlarm' : 'openAlarm',
    engine: { openAlarm: /Timers/.test(name) ? openTimers : openAlarm, keepAlarm },
  })
  if (faults.length > 0) throw new Error(faults.join('\n'))
  return added
    .reduce((text, line) => text.replace(new RegExp(`^${line} .*\n`, 'm'), ''), printMarbles(seen))
    .trim()
}

/** An alarm each of whose sets is for a timer of its own. */
function openTimers(config: AlarmConfig): Alarm {
  const alarm = openAlarm(config)
  const state: { timers?: Timers } = {}
  const { set, deliver } = multiplexTimers({
    alarm,
    load: () => state.timers,
    save: (timers) => Object.assign(state, { timers }),
    scheduler: config.scheduler!,
  })
  const own = { set: (time: number) => set(String(time), time), deliver }
  return new Proxy(alarm, {
    get(_, name) {
      const of = name in own ? own : alarm
      const found = Reflect.get(of, name)
      return typeof found === 'function' ? found.bind(of) : found
    },
  })
}

/** What happened when the diagram that a comment names was run, as a timeline. */
export function drawNamed(text: string): string {
  const [file] = text.match(/marbles\/[\w-]+\.marbles/)!
  const { timeline } = recordTimeline(concat(from(runMarbles(readFileSync(file, 'utf8')).events), NEVER))
  return drawTimeline(timeline, { format: 'ascii' }).replace('alarm\n\n', '').trimEnd()
}
