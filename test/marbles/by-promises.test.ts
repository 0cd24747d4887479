import { readdirSync, readFileSync } from 'node:fs'
import { from, lastValueFrom, Observable, type ObservableInput, of, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { type Alarm, type AlarmConfig, keepAlarm, openAlarm } from '../../src/index.ts'
import {
  type Engine,
  explainMarbles,
  parseMarbles,
  printMarbles,
  runMarbles,
  runMarblesAsync,
} from '../../src/marbles/index.ts'
import { kindOf } from '../../src/marbles/scenario/format.ts'
import { isOnlyIntents } from '../../src/marbles/scenario/keep-actor.ts'

const folder = new URL('../../marbles/', import.meta.url)
const scenarios = readdirSync(folder)
  .filter((file) => file.endsWith('.marbles'))
  .map((file) => ({ file, text: readFileSync(new URL(file, folder), 'utf8') }))

type Answer = (call: () => ObservableInput<unknown>) => ObservableInput<unknown>

const answering = (answer: Answer): Engine => {
  const config = (own: AlarmConfig): AlarmConfig => ({
    ...own,
    commit: (time, info) => answer(() => own.commit(time, info)),
    write: (time, info) => answer(() => own.write(time, info)),
  })
  return {
    openAlarm: (own) => deliveringBy(answer, openAlarm(config(own))),
    keepAlarm: (own) => keepAlarm(config(own)),
  }
}

/** The alarm, whose handler answers so too. */
const deliveringBy = (answer: Answer, alarm: Alarm): Alarm =>
  new Proxy(alarm, {
    get(target, name) {
      const own: unknown = Reflect.get(target, name, target)
      if (typeof own !== 'function') return own
      if (name !== 'deliver') return own.bind(target)
      const deliver: Alarm['deliver'] = (wakeup, handler) =>
        target.deliver(wakeup, (info) => answer(() => handler(info)))
      return deliver
    },
  })

/** A promise, which is given up when the caller leaves. */
const byPromise: Answer = (call) =>
  new Observable((caller) => {
    let leave = (): void => {}
    const promise = new Promise<void>((resolve, reject) => {
      const answering = from(call()).subscribe({ error: reject, complete: resolve })
      leave = () => answering.unsubscribe()
    })
    promise.then(
      () => caller.complete(),
      (error) => caller.error(error),
    )
    return () => leave()
  })

/** An `async` function, as most stores have. */
const byAsync: Answer = async (call) => {
  await null
  return lastValueFrom(from(call()), { defaultValue: undefined })
}

/** What these say happens within the call itself, which no promise can do. */
const withinTheCall = [
  'commit-error-at-once.marbles',
  'commit-throws.marbles',
  'precommit-throws.marbles',
  'synchronous-round.marbles',
]

const { text: first } = scenarios.find(({ file }) => file === 'first-alarm.marbles')!

describe('runMarblesAsync', () => {
  for (const { file, text } of scenarios) {
    const scenario = parseMarbles(text)
    const faces = isOnlyIntents(scenario) ? (['openAlarm', 'keepAlarm'] as const) : (['openAlarm'] as const)
    const isLeft = scenario.lanes.some(
      ({ name, spans }) =>
        kindOf(name).role === 'called' && spans.flat().some(({ marks }) => marks.includes('!')),
    )

    it(`plays ${file} as runMarbles does`, async () => {
      for (const through of faces)
        expect(await runMarblesAsync(text, { through })).toEqual(runMarbles(text, { through }))
    })

    it(`plays ${file} the same with a store, a manager and a handler that answer by promises`, async () => {
      // No caller can leave what an async function waits for.
      for (const answer of isLeft ? [byPromise] : [byPromise, byAsync])
        for (const through of faces) {
          const run = await runMarblesAsync(text, { through, engine: answering(answer) })
          if (withinTheCall.includes(file) && through === 'openAlarm')
            expect(explainMarbles(run)).toContain('^ column 2')
          else {
            expect(explainMarbles(run)).toBe('')
            expect(printMarbles(run.seen)).toBe(printMarbles(runMarbles(text, { through }).seen))
          }
        }
    })
  }

  it('refuses what never lets the next column begin', async () => {
    const going = (on: () => Promise<void>) => () =>
      runMarblesAsync(first, { engine: answering(() => on().then(() => of(1))) })
    const forever = async (): Promise<void> => {
      for (;;) await (async () => {})()
    }
    await expect(going(forever)).rejects.toThrow('after 1000000 promises there are still more')
    let turns = 0
    const turn = async (): Promise<void> => {
      // A few more than the run allows, or it would go on in this process.
      while (turns++ < 11_000) await new Promise((resolve) => setImmediate(resolve))
    }
    await expect(going(turn)).rejects.toThrow('after 10000 turns there are still more')
    // and leaves nothing of itself
    expect(runMarbles(first).faults).toEqual([])
  })

  it('refuses a second run beside it, and leaves all as it was', async () => {
    const own = [setImmediate, Promise.prototype.constructor]
    const under = runMarblesAsync(first)
    expect(() => runMarbles(first)).toThrow('one virtual run at a time')
    await expect(runMarblesAsync(first)).rejects.toThrow('one virtual run at a time')
    expect((await under).faults).toEqual([])
    expect([setImmediate, Promise.prototype.constructor]).toEqual(own)
    expect(await lastValueFrom(timer(1))).toBe(0)
  })

  it('lets timers of RxJS in a promise be virtual', async () => {
    const slowly = async (call: () => ObservableInput<unknown>) => {
      await lastValueFrom(timer(86_400_000 / 2))
      return lastValueFrom(from(call()), { defaultValue: undefined })
    }
    const { seen } = await runMarblesAsync(
      'title   slow\n\ncolumn  12 h\nask     5---\ncommit  -5|-\nwrite   5|--\n'.replace('12 h', '43200 s'),
      { engine: answering(slowly) },
    )
    expect(printMarbles(seen)).toContain('write     -5|-')
  })

  it('takes about twice the time at most', async () => {
    const time = async (play: (text: string) => unknown): Promise<number> => {
      const began = performance.now()
      for (const { text } of scenarios) await play(text)
      return performance.now() - began
    }
    const rounds = { atOnce: [] as number[], byTurns: [] as number[] }
    for (let round = 0; round < 12; round++) {
      rounds.atOnce.push(await time(runMarbles))
      rounds.byTurns.push(await time((text) => runMarblesAsync(text)))
    }
    // Twice on an idle machine; a busy one takes the turns for its own.
    expect(Math.min(...rounds.byTurns)).toBeLessThan(2.5 * Math.min(...rounds.atOnce))
  })
})
