import type { AlarmTime } from '../../src/index.ts'
import { type Lifecycle, reopen } from './lifecycle.ts'
import {
  breakWith,
  commitOk,
  intend,
  isModelDrained,
  restOver,
  send,
  touch,
  wait,
  writeFailed,
  writeOk,
} from './model.ts'
import { abandon, deliver, endHandler, expire, type Script } from './model-deliveries.ts'
import { applyCommit, applyWrite, loseCalls, reachManager } from './world.ts'

/** Something that can happen, told to the model and to the engine. */
export interface Kind {
  readonly can: (life: Lifecycle, number: number) => boolean
  readonly run: (life: Lifecycle, number: number, script: Script) => void
}

const isOpen = ({ model }: Lifecycle): boolean => model.broken === null

/** The application asks; a value that depends on it goes to the gate. */
function ask(life: Lifecycle, expected: () => void, actual: () => void): void {
  expected()
  actual()
  if (isOpen(life)) sendValue(life)
}

function sendValue(life: Lifecycle): void {
  const value = ++life.count
  send(life.model, value)
  life.engine.send(value)
}

function wants(time: (life: Lifecycle, ms: number) => AlarmTime, allowUnconfirmed: boolean): Kind['run'] {
  return (life, ms) => {
    const wanted = time(life, ms)
    const { model, engine } = life
    ask(
      life,
      () => intend(model, wanted, allowUnconfirmed),
      () =>
        wanted === null
          ? engine.alarm.delete({ allowUnconfirmed })
          : engine.alarm.set(wanted, { allowUnconfirmed }),
    )
  }
}

const after = ({ world }: Lifecycle, ms: number): number => world.now + ms
const never = (): null => null

function touches(allowUnconfirmed: boolean): Kind['run'] {
  return (life) =>
    ask(
      life,
      () => touch(life.model, allowUnconfirmed),
      () => life.engine.alarm.touch({ allowUnconfirmed }),
    )
}

function failCall(life: Lifecycle, kind: 'commit' | 'write', expected: () => void): void {
  expected()
  life.engine.fail(kind)
  if (life.model.broken !== null) loseCalls(life.world)
}

const running = ({ model }: Lifecycle): boolean => model.deliveries.some(({ state }) => state === 'running')

export const kinds: Readonly<Record<string, Kind>> = {
  set: { can: isOpen, run: wants(after, false) },
  'set~': { can: isOpen, run: wants(after, true) },
  delete: { can: isOpen, run: wants(never, false) },
  'delete~': { can: isOpen, run: wants(never, true) },
  touch: { can: isOpen, run: touches(false) },
  'touch~': { can: isOpen, run: touches(true) },
  value: { can: isOpen, run: sendValue },
  'commit.applied': {
    can: ({ world }) => world.commit?.applied === false,
    run: ({ world }) => applyCommit(world),
  },
  'commit.ok': {
    can: ({ model }) => model.commit !== null,
    run({ model, engine }) {
      commitOk(model)
      engine.answer('commit')
    },
  },
  'commit.fail': {
    can: ({ model }) => model.commit !== null,
    run: (life) => failCall(life, 'commit', () => breakWith(life.model, 'ALARM_COMMIT_FAILED')),
  },
  'write.applied': {
    can: ({ world }) => world.write?.applied === false,
    run: ({ world }) => applyWrite(world),
  },
  'write.ok': {
    can: ({ model }) => model.write !== null,
    run({ model, engine }) {
      writeOk(model)
      engine.answer('write')
    },
  },
  'write.fail': {
    can: ({ model }) => model.write !== null,
    run: (life) => failCall(life, 'write', () => writeFailed(life.model)),
  },
  /** what a client gave up reaches the manager after all */
  land: {
    can: ({ world }, number) => number < world.strays.length,
    run({ world }, number) {
      const [request] = world.strays.splice(number, 1)
      reachManager(world, request!)
    },
  },
  backoff: {
    can: ({ model }) => model.flight.resting,
    run({ model, engine }) {
      restOver(model)
      engine.timers[0]?.()
    },
  },
  sleep: {
    can: () => true,
    run({ world }, ms) {
      world.now += ms
    },
  },
  /** the manager waits until it is time, and wakes the actor */
  deliver: {
    can: (life) => isOpen(life) && life.world.manager.time !== null && life.model.deliveries.length < 2,
    run(life, _, script) {
      const { world, model, engine } = life
      const { time, fence } = world.manager
      const scheduledTime = time!
      const id = ++life.count
      world.now = Math.max(world.now, scheduledTime)
      const wanted = script.intent?.time
      const scripted =
        typeof wanted === 'number' ? { ...script, intent: { time: world.now + wanted } } : script
      deliver(model, { id, scheduledTime, fence, script: scripted, now: () => world.now })
      engine.deliver(id, { scheduledTime, fence }, scripted)
    },
  },
  'handler.ok': { can: running, run: endOf('ok') },
  'handler.fail': { can: running, run: endOf('fail') },
  /** the manager's lease runs out, and the actor hears of it */
  expire: {
    can: ({ model }, number) => number < model.deliveries.length,
    run({ world, model, engine }, number) {
      const { id } = model.deliveries[number]!
      world.mayBeEarly = true
      expire(model, id)
      engine.expire(id)
    },
  },
  /** the manager has no retry left */
  abandon: {
    can: (life) => isOpen(life) && life.world.manager.time !== null,
    run(life) {
      const { world, model, engine } = life
      const scheduledTime = world.manager.time!
      const { fence } = world.manager
      const name = `abandoned ${++life.count}`
      const kept = abandon(model, scheduledTime, fence)
      model.log.push(`kept ${kept === undefined ? 'ALARM_WRITE_FAILED' : kept}`)
      if (kept !== undefined) waitFor(life, 'confirmed', name)
      engine.abandon({ scheduledTime, fence }, name)
    },
  },
  'confirmed?': { can: isOpen, run: waits('confirmed') },
  'drained?': { can: isOpen, run: waits('drained') },
  /** the process ends: what it asked of the manager may still land, what the store did not apply is gone */
  crash: {
    can: () => true,
    run(life) {
      loseCalls(life.world)
      if (!life.beginning.reconcile) life.world.mayBeEarly = true
      reopen(life)
    },
  },
}

function endOf(end: 'ok' | 'fail'): Kind['run'] {
  return ({ model, engine }) => {
    endHandler(model, end)
    engine.endHandler(end)
  }
}

function waits(what: 'confirmed' | 'drained'): Kind['run'] {
  return (life) => {
    const name = `${what} ${++life.count}`
    waitFor(life, what, name)
    life.engine.wait(what, name)
  }
}

function waitFor({ model }: Lifecycle, what: 'confirmed' | 'drained', name: string): void {
  const { asked } = model
  wait(
    model,
    () => (what === 'confirmed' ? asked <= model.covered : isModelDrained(model)),
    () => model.log.push(`waiter ${name}`),
    (code) => model.log.push(`waiter ${name} failed ${code}`),
  )
}
