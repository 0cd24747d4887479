import fc from 'fast-check'
import { lastValueFrom, type SchedulerLike, Subject, Subscription } from 'rxjs'
import {
  type AlarmConfig,
  type AlarmEvent,
  type AlarmIntent,
  type AlarmTime,
  deleteAlarm,
  keepAlarm,
  openAlarm,
  setAlarm,
} from '../../src/index.ts'
import {
  applyCommit,
  applyWrite,
  beginCommit,
  beginHandler,
  beginWrite,
  end,
  openWorld,
  reachManager,
  type World,
} from './world.ts'

/** What an application asks, one after the other. */
export type Asked = readonly AlarmTime[]

export const asked: fc.Arbitrary<Asked> = fc.array(fc.option(fc.nat({ max: 5 })), {
  minLength: 1,
  maxLength: 8,
})

/** Which later writes fail, in turn. */
export const failing: fc.Arbitrary<readonly boolean[]> = fc.array(fc.boolean(), { maxLength: 6 })

/** A store and a manager that answer with promises; when each is reached, and each answer heard, is for `s` to say. */
function promising(s: fc.Scheduler, world: World, fails: readonly boolean[]): AlarmConfig {
  const left = [...fails]
  const later = async (what: string, then: () => void): Promise<void> => {
    await s.schedule(Promise.resolve(), what)
    then()
  }
  return {
    epoch: 1,
    initial: world.store,
    retry: { count: 2 },
    scheduler: {
      now: () => world.now,
      schedule(fire: () => void) {
        const timer = new Subscription()
        later('back-off', () => timer.closed || fire())
        return timer
      },
    } as unknown as SchedulerLike,
    async commit(time) {
      beginCommit(world, time)
      await later(`commit ${time} reaches the store`, () => applyCommit(world))
      await later(`commit ${time} is acknowledged`, () => end(world, 'commit'))
    },
    async write(time, { fence, move }) {
      beginWrite(world, time, fence)
      const isFailing = move !== 'earlier' && left.shift() === true
      await later(`write ${time} reaches the manager`, () => applyWrite(world))
      await later(`write ${time} ${isFailing ? 'fails' : 'is acknowledged'}`, () => end(world, 'write'))
      world.judge.look()
      if (isFailing) throw new Error('on purpose')
    },
  }
}

/** keepAlarm, over intents that come between any two of its steps. */
export async function interleaveOperator(
  s: fc.Scheduler,
  intents: Asked,
  fails: readonly boolean[],
): Promise<void> {
  const world = openWorld(null)
  const intents$ = new Subject<AlarmIntent>()
  const story: AlarmEvent[] = []
  const completed = new Promise<void>((resolve, reject) => {
    intents$.pipe(keepAlarm(promising(s, world, fails))).subscribe({
      next: (event) => story.push(event),
      error: reject,
      complete: resolve,
    })
  })
  s.scheduleSequence([
    ...intents.map((time) => ({
      label: `ask ${time}`,
      builder: async () => intents$.next(time === null ? deleteAlarm() : setAlarm(time)),
    })),
    { label: 'no more', builder: async () => intents$.complete() },
  ])
  await s.waitFor(completed)
  const last = story.findLast(({ kind }) => kind === 'drained')
  seeRest(world, intents.at(-1)!, last?.kind === 'drained' && last.caughtUp)
}

/** A handle with its gate, which a manager wakes meanwhile. */
export async function interleaveHandle(
  s: fc.Scheduler,
  intents: Asked,
  fails: readonly boolean[],
  wakes: number,
  open: typeof openAlarm = openAlarm,
): Promise<void> {
  const world = openWorld(2)
  const config = promising(s, world, fails)
  let version = 0
  let durable = 0
  const alarm = open({
    ...config,
    async commit(time, info) {
      const covers = version
      await config.commit(time, info)
      durable = covers
    },
  })
  const values$ = new Subject<number>()
  const sent: number[] = []
  values$.pipe(alarm.holdUntilConfirmed()).subscribe((value) => {
    if (value > durable) world.judge.fault('no value leaves before its intent is durable')
    sent.push(value)
  })
  let desired: AlarmTime = 2
  let isAlone = true

  async function ask(time: AlarmTime): Promise<void> {
    version++
    alarm.touch() // so that each needs a commit of its own
    if (time === null) alarm.delete()
    else alarm.set(time)
    desired = time
    values$.next(version)
  }

  async function wake(): Promise<void> {
    const { time, fence } = world.manager
    if (time === null || !isAlone) return
    isAlone = false
    world.now = Math.max(world.now, time)
    const outcome$ = alarm.deliver({ scheduledTime: time, fence }, ({ scheduledTime }) => {
      const stop = beginHandler(world, scheduledTime)
      return s.schedule(Promise.resolve(), `the handler of ${scheduledTime} ends`).then(stop)
    })
    try {
      await lastValueFrom(outcome$)
      await s.schedule(Promise.resolve(), 'done reaches the manager')
      reachManager(world, { kind: 'done', of: time, fence, kept: null })
      world.judge.look()
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ALARM_WRITE_FAILED') throw error
    }
    isAlone = true
  }

  const deliveries: Promise<void>[] = []
  const asks = intents.map((time) => ({ label: `ask ${time}`, builder: () => ask(time) }))
  const calls = Array.from({ length: wakes }, () => ({
    label: 'wake',
    builder: async () => {
      deliveries.push(wake())
    },
  }))
  const { task: asking } = s.scheduleSequence(asks)
  const { task: waking } = s.scheduleSequence(calls)
  const rest = async (): Promise<void> => {
    await Promise.all([asking, waking])
    await Promise.all(deliveries)
    await lastValueFrom(alarm.drained())
  }
  await s.waitFor(rest())
  if (world.judge.faults.length === 0 && sent.join() !== intents.map((_, i) => i + 1).join()) {
    throw new Error('every value leaves, in order')
  }
  seeRest(world, alarm.time, false)
  if (alarm.time !== desired && alarm.time !== null) throw new Error('the alarm reads as the newest intent')
}

function seeRest(world: World, desired: AlarmTime, caughtUp: boolean): void {
  world.judge.look()
  if (world.judge.faults[0] !== undefined) throw new Error(world.judge.faults[0])
  if (world.commit !== null || world.write !== null) throw new Error('drained when nothing is under way')
  if (world.store !== desired) throw new Error('at rest the store holds the newest intent')
  if (caughtUp && world.manager.time !== desired)
    throw new Error('at rest the manager holds the newest intent')
}
