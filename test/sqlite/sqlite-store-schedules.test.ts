import { DatabaseSync } from 'node:sqlite'
import { deserialize } from 'node:v8'
import { type Observable, Subject, VirtualTimeScheduler } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { ActorStore } from '../../src/sqlite/sqlite-store.ts'
import { AlarmFencedError } from '../../src/vocabulary/errors.ts'
import { type AlarmTime, isBefore } from '../../src/vocabulary/time.ts'
import { dice } from '../dice.ts'
import { managerOf, newPath, open, turn } from './sqlite-store-rig.ts'

interface Call {
  readonly answer: Subject<never>
  land(): boolean
}

/**
 * One actor, its manager and its replica, who answer late, fail, crash and let writes land long after.
 *
 * Each turn puts the alarm that it sets into a value as well, so that the file tells whether it was torn. It is looked at from outside
 * after every step: neither the store's word nor the engine's is taken.
 */
async function schedule(seed: number): Promise<string[]> {
  const roll = dice(seed)
  const file = newPath()
  const story: string[] = []
  let held: AlarmTime = null
  let fence = 0
  let writes: Call[] = []
  let commits: Subject<never>[] = []
  let handlers: Subject<never>[] = []
  let deliveries = 0

  const start = (): ActorStore => {
    const store = open({
      file,
      scheduler: new VirtualTimeScheduler(),
      reconcile: roll(2) === 0,
      retry: { count: 1, delay: () => 0 },
      manager: managerOf((time, info) => {
        const call: Call = {
          answer: new Subject<never>(),
          land() {
            if (info.fence < fence) return false
            held = time
            fence = info.fence
            return true
          },
        }
        story.push(`write ${time}`)
        if (roll(3) === 0) call.land() // applied long before it is acknowledged
        writes.push(call)
        return call.answer
      }),
      ...(roll(2) === 0 && {
        replicate: (): Observable<never> => {
          const commit = new Subject<never>()
          commits.push(commit)
          return commit
        },
      }),
    })
    return store
  }
  let store = start()
  const outside = new DatabaseSync(file, { readOnly: true })
  const row = outside.prepare('SELECT alarm FROM _nolater_actor')
  const values = outside.prepare('SELECT * FROM _nolater_values')
  const value = outside.prepare("SELECT value FROM _nolater_values WHERE key = 'alarm'")

  const look = (): void => {
    const { alarm } = row.get() as { alarm: AlarmTime }
    const told = value.get() as { value: Uint8Array } | undefined
    const said = told === undefined ? null : deserialize(told.value)
    if (isBefore(alarm, held)) story.push(`LATE: the manager has ${held}, the file ${alarm}`)
    if (alarm !== null && said !== alarm) story.push(`TORN: the alarm is ${alarm}, the value ${said}`)
  }
  const pick = <T>(from: T[]): T | undefined => from.splice(roll(from.length), 1)[0]

  const write = (): void => {
    const time = roll(5) === 0 ? null : roll(9)
    const options = { allowUnconfirmed: roll(4) === 0 }
    story.push(`  set ${time}`)
    const put = () => store.put('alarm', time, options)
    const set = () => (time === null ? store.alarm.delete(options) : store.alarm.set(time, options))
    for (const step of roll(2) === 0 ? [put, set] : [set, put]) step()
  }
  const undone = (work: () => void): void => {
    try {
      store.transaction(() => {
        work()
        throw 'undo'
      })
    } catch (error) {
      if (error !== 'undo') throw error
      story.push('  undone')
    }
  }
  const acknowledge = (call: Call | undefined): void => {
    if (call === undefined) return
    story.push('acknowledge a write')
    if (call.land()) call.answer.complete()
    else call.answer.error(new AlarmFencedError('a', 0))
  }
  const crash = (): void => {
    story.push('crash')
    for (const call of writes) if (roll(2) === 0) late.push(call)
    writes = []
    commits = []
    handlers = []
    store = start() // what the store before it holds open is lost
  }
  const late: Call[] = []

  const steps: (() => void)[] = [
    write,
    write,
    () => store.transaction(write),
    () => undone(write),
    () => {
      write()
      undone(write)
    },
    () =>
      store.transaction(() => {
        undone(write)
        if (roll(2) === 0) store.transaction(write)
        if (roll(2) === 0) acknowledge(writes.shift())
        if (roll(2) === 0) write()
      }),
    () => {
      write()
      acknowledge(writes.shift())
      if (roll(2) === 0) write()
    },
    () => store.put('other', roll(9)),
    () => acknowledge(writes.shift()),
    () => acknowledge(writes.shift()),
    () => acknowledge(writes.shift()),
    () => commits.shift()?.complete(),
    () => commits.shift()?.complete(),
    () => {
      late.shift()?.land()
      story.push('a write lands late')
    },
    () => {
      if (roll(3) === 0) writes.shift()?.answer.error(new Error('a write fails'))
    },
    () => {
      if (roll(8) === 0) commits.shift()?.error(new Error('a commit fails'))
    },
    () => {
      if (roll(4) === 0) crash()
    },
    () => deliver(),
    () => deliver(),
    () => {
      story.push('a handler succeeds')
      pick(handlers)?.complete()
    },
    () => {
      if (roll(3) === 0) pick(handlers)?.error(new Error('a handler fails'))
    },
  ]

  const deliver = (): void => {
    if (held === null) return
    const delivered = { scheduledTime: held, fence }
    story.push(`deliver ${held}`)
    const owner = store
    owner.alarm
      .deliver(delivered, () => {
        story.push('  a handler runs')
        deliveries++
        const kind = roll(4)
        if (kind === 0) store.put('ran', deliveries)
        if (kind === 1) write()
        if (kind === 2) return []
        const handler = new Subject<never>()
        handlers.push(handler)
        return handler
      })
      .subscribe({
        complete() {
          story.push('  done')
          if (owner === store && fence === delivered.fence) held = null
          look()
        },
        error() {},
      })
  }

  for (let i = 0; i < 40; i++) {
    const step = steps[roll(steps.length)]
    try {
      step?.()
    } catch (error) {
      story.push(`broken: ${error}`)
      crash()
    }
    look()
    if (roll(3) > 0) await turn()
    look()
  }
  // At the end everything is answered, and the manager must have what the file has.
  for (let i = 0; i < 20; i++) {
    await turn()
    try {
      void store.alarm.time
    } catch {
      crash()
    }
    for (const handler of handlers.splice(0)) handler.complete()
    for (const call of writes.splice(0)) acknowledge(call)
    for (const commit of commits.splice(0)) commit.complete()
    look()
  }
  for (const call of late) call.land()
  look()
  const { alarm } = row.get() as { alarm: AlarmTime }
  for (const { key, value } of values.all() as { key: string; value: Uint8Array }[]) {
    if (deserialize(value) !== store.get(key)) story.push(`UNSAVED: ${key} is ${store.get(key)}`)
  }
  outside.close()
  if (alarm !== store.alarm.time) story.push(`UNSAVED: the store has ${store.alarm.time}, the file ${alarm}`)
  let isDrained = false
  store.alarm.drained().subscribe({ complete: () => (isDrained = true), error() {} })
  if (!isDrained) story.push('NOT DRAINED')
  store.close()
  return story
}

describe('sqliteStore under random schedules', () => {
  it('never lets the manager be later than the file, tears no turn, and settles', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const story = await schedule(seed)
      const fault = story.find((line) => /^[A-Z]{4}/.test(line))
      expect(fault, `seed ${seed}:\n${story.join('\n')}`).toBe(undefined)
    }
  }, 60_000)
})
