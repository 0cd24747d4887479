import { openAlarm } from '../../src/index.ts'
import { type Engine, openEngine } from './engine.ts'
import { type Model, openModel, type Setting, timeOf } from './model.ts'
import { openWorld, type World, type WorldRules } from './world.ts'

/** What a lifecycle begins with. */
export interface Beginning extends Setting {
  readonly alarm: number | null
}

/** An engine that may be broken on purpose, in a world that may be. */
export interface Around {
  readonly openAlarm?: typeof openAlarm
  readonly world?: Partial<WorldRules>
}

/** One actor: its engine, and the model that says what the engine must do. */
export interface Lifecycle {
  readonly beginning: Beginning
  readonly around: Around
  readonly world: World
  model: Model
  engine: Engine
  /** deliveries, values and waiters are numbered */
  count: number
  /** what has happened */
  readonly story: string[]
}

export function beginLifecycle(beginning: Beginning, around: Around = {}): Lifecycle {
  const world = openWorld(beginning.alarm, around.world)
  const life: Lifecycle = {
    beginning,
    around,
    world,
    count: 0,
    story: [],
    ...openBoth(beginning, around, world),
  }
  compare(life)
  return life
}

/** The actor opens again from what the store holds. */
export function reopen(life: Lifecycle): void {
  Object.assign(life, openBoth(life.beginning, life.around, life.world))
}

function openBoth(beginning: Beginning, around: Around, world: World): Pick<Lifecycle, 'model' | 'engine'> {
  world.epoch = world.rules.raisesEpoch ? world.epoch + 1 : 1
  world.judge.died('')
  world.judge.opened('a', world.epoch)
  const model = openModel(beginning, world.store, world.epoch, world.now)
  return { model, engine: openEngine(around.openAlarm ?? openAlarm, beginning, world) }
}

/** Throws what the engine did otherwise than the rules say, or what the world shows to be wrong. */
export function compare({ world, model, engine }: Lifecycle): void {
  world.judge.look()
  if (world.judge.faults[0] !== undefined) throw new Error(world.judge.faults[0])
  const expected = picture(model.log)
  const actual = picture(engine.log)
  for (const what of Object.keys(expected) as (keyof typeof expected)[])
    same(what, expected[what], actual[what])
  same('broken by', model.broken, engine.broken())
  same('writes in flight', model.write === null ? 0 : 1, engine.pending('write'))
  same('commits in flight', model.commit === null ? 0 : 1, engine.pending('commit'))
  same('timers of retries', model.flight.resting ? 1 : 0, engine.timers.length)
  if (model.broken === null) same('the alarm reads', timeOf(model), engine.alarm.time)
  if (engine.told.length > 0) same('calls told by events', actual['calls issued'], engine.told.join(', '))
  model.log = []
  engine.log.length = engine.told.length = 0
}

/** What happened, kind by kind: the calls and the values in order, who was told in any. */
function picture(
  log: readonly string[],
): Record<'calls issued' | 'values through the gate' | 'told', string> {
  const isCall = (line: string): boolean => /^(write|commit) /.test(line)
  const isValue = (line: string): boolean => line.startsWith('value ')
  return {
    'calls issued': log.filter(isCall).join(', '),
    'values through the gate': log.filter(isValue).join(', '),
    told: log
      .filter((line) => !isCall(line) && !isValue(line))
      .sort()
      .join(', '),
  }
}

function same(what: string, expected: unknown, actual: unknown): void {
  if (expected === actual) return
  throw new Error(`${what}: the rules say ${print(expected)}, the engine ${print(actual)}`)
}

const print = (value: unknown): string => (value === '' ? 'none' : String(value))
