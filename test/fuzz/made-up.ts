import { dice } from '../dice.ts'
import { modes, shapes } from '../world/misbehaviour.ts'
import { type Programme, plain, type Setting } from './programme.ts'

type Roll = (sides: number) => number

/** What a programme can do without. */
export const features = ['files', 'odd', 'step', 'keep', 'timeout', 'epoch', 'gates', 'rearm'] as const
export type Feature = (typeof features)[number]

/**
 * The programme of a seed: the same one every time.
 *
 * `files`: SQLite. `odd`: user code that misbehaves. `step`: the clock is set forward or back. `keep`: deliveries without `abandon`.
 * `timeout`: calls that are never answered, under a limit of time. `epoch`: stores that have been opened often, and begin again. `gates`: values, and
 * waiting for `confirmed()` and `drained()`. `rearm`: an alarm that is set again while it is given up.
 */
export function madeUp(seed: number, without: ReadonlySet<Feature> = new Set()): Programme {
  const roll = dice(seed)
  for (let i = 0; i < 3; i++) roll(2) // seeds that follow each other begin alike
  const setting = settingOf(roll, without)
  const count = 5 + roll(45)
  const words: string[] = []
  while (words.length < count) words.push(...wordsOf(roll, setting, without))
  return { setting, words }
}

const pick = <T>(roll: Roll, values: readonly T[]): T => values[roll(values.length)]!

function settingOf(roll: Roll, without: ReadonlySet<Feature>): Setting {
  const answer = (): string => pick(roll, ['sync', 'sync', 'promise', '0', '5', '700'])
  const files = !without.has('files') && roll(4) === 0
  return {
    ...plain,
    manager: files && roll(3) > 0 ? 'sqlite' : 'memory',
    actor: files && roll(2) === 0 ? 'stores' : pick(roll, ['alarm', 'alarm', 'fleet']),
    commit: answer(),
    write: answer(),
    load: answer(),
    retries: pick(roll, ['0', '1', '2']),
    reconcile: roll(5) === 0 ? 'false' : 'true',
    abandon: without.has('keep') || roll(4) > 0 ? 'true' : 'false',
    many: roll(3) === 0 ? 'true' : 'false',
    timeout: without.has('timeout') || roll(4) > 0 ? 'none' : pick(roll, ['1000', '20000']),
    epoch: without.has('epoch') || roll(20) > 0 ? '0' : '1000',
    heard: roll(2) === 0 ? 'true' : 'false',
  }
}

const TIMES = [0, 1000, 2000, 3000, 5000, 5000, 10_000, 60_000, 600_000, 3_600_000]
const SPANS = [0, 1, 5, 700, 1000, 1000, 2000, 5000, 10_000, 31_000, 60_000, 600_000]

function wordsOf(roll: Roll, setting: Setting, without: ReadonlySet<Feature>): string[] {
  const key = pick(roll, ['a', 'a', 'a', 'b', 'c'])
  const actor = roll(12) === 0 ? `${key}'` : key
  const kind = roll(100)
  if (kind === 0 && !without.has('odd')) return [`${actor}.clock${pick(roll, TIMES)}`]
  if (kind < 28) return [`${actor}.${intent(roll)}`]
  const then = roll(5) === 0 ? `>${intent(roll)}` : ''
  if (kind < 44 && kind >= 28 && without.has('gates')) return [`${actor}.${intent(roll)}`]
  if (kind < 34) return [`${actor}.send${then}`]
  if (kind < 40) return [`${actor}.${pick(roll, ['confirmed', 'drained'])}${then}`]
  if (kind < 44) return [`${actor}.${intent(roll)}`, `${actor}.send`, `${actor}.${intent(roll)}`]
  if (kind < 60) return [`+${pick(roll, SPANS)}`]
  if (kind < 74) {
    const call = pick(roll, ['write', 'write', 'commit', 'commit', 'load'])
    return [`${key}.${call}!${fate(roll, setting, without)}`]
  }
  if (kind < 88) {
    const act = roll(2) === 0 ? '' : `${intent(roll)}/`
    return [`${key}.run!${act}${end(roll, without)}`]
  }
  if (kind < 92 && kind >= 88 && without.has('rearm')) return [`${key}.run!giveup`]
  if (kind < 90)
    return [`${key}.run!${intent(roll)}/ok`, `${key}.run!giveup`, `${key}.abandon!${intent(roll)}/ok`]
  if (kind < 92) return [`${key}.abandon!${intent(roll)}/${roll(4) === 0 ? end(roll, without) : 'ok'}`]
  if (kind < 94) return [pick(roll, ['pause', 'resume', 'resume'])]
  if (kind < 98) {
    if (setting.epoch !== '0' && roll(2) === 0) return ['restore']
    return [pick(roll, ['die', 'die', 'fork', 'bury', 'close'])]
  }
  if (without.has('step')) return [`+${pick(roll, SPANS)}`]
  return [`step${pick(roll, [-1, -1000, -60_000, -3_600_000, 1, 1000, 60_000])}`]
}

function intent(roll: Roll): string {
  const unconfirmed = roll(8) === 0 ? '~' : ''
  const verb = pick(roll, ['set', 'set', 'set', 'set', 'in', 'delete', 'touch', 'work'])
  if (verb === 'delete' || verb === 'touch') return `${verb}${unconfirmed}`
  return `${verb}${unconfirmed}${verb === 'in' ? pick(roll, SPANS) : pick(roll, TIMES)}`
}

function odd(roll: Roll): string {
  return `odd:${pick(roll, Object.keys(shapes))}:${pick(roll, Object.keys(modes))}`
}

function fate(roll: Roll, setting: Setting, without: ReadonlySet<Feature>): string {
  const ms = (): number => pick(roll, [0, 3, 600, 5000, 40_000])
  const isHanging = roll(setting.timeout === 'none' ? 12 : 4) === 0
  if (isHanging) return `${pick(roll, ['stuck', 'hang'])}:${ms()}`
  if (!without.has('odd') && roll(4) === 0) return odd(roll)
  switch (pick(roll, ['sync', 'promise', 'slow', 'slow', 'lost', 'cut', 'late'])) {
    case 'sync':
      return 'sync'
    case 'promise':
      return 'promise'
    case 'slow':
      return `slow:${ms()}:${ms()}`
    case 'lost':
      return `lost:${ms()}`
    case 'cut':
      return `cut:${ms()}:${ms()}`
    default:
      return `late:${ms()}:${ms()}`
  }
}

function end(roll: Roll, without: ReadonlySet<Feature>): string {
  if (!without.has('odd') && roll(6) === 0) return odd(roll)
  return pick(roll, ['ok', 'ok', '5', '700', '20000', '40000', 'fail', 'fail', 'uncounted', 'giveup', 'hang'])
}
