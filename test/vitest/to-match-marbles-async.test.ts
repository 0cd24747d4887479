import 'nolater/vitest'
import { type AlarmConfig, openAlarm, type Wakeup } from 'nolater'
import type { ConfigUnderTest, MarbleRun } from 'nolater/vitest'
import { concatMap, defer, firstValueFrom, from, lastValueFrom, map, of, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { complaintOf } from './complaint.ts'
import { runVitest } from './run-vitest.ts'

const complaintLater = (check: Promise<unknown>): Promise<string> =>
  check.then(
    () => 'nothing',
    (error) => (error as Error).message,
  )

/** A cart as most would write it: a store and a manager of promises, `async` methods and an `async` handler. */
const openCart = ({ commit, write, ...config }: ConfigUnderTest) => {
  const alarm = openAlarm({
    ...config,
    commit: async (time, info) => lastValueFrom(from(commit(time, info)), { defaultValue: undefined }),
    write: async (time, info) => lastValueFrom(from(write(time, info)), { defaultValue: undefined }),
  })
  return {
    alarm,
    async touch() {
      await Promise.resolve()
      alarm.setIn(5_000)
      await alarm.confirmed()
    },
    deliver: (wakeup: Wakeup) =>
      alarm.deliver(wakeup, async () => {
        await firstValueFrom(timer(2_000))
        if (config.store.has('again')) return
        config.store.set('again', true)
        alarm.setIn(5_000)
      }),
  }
}

const cart = `
  where    t = touch, a = 12
  column   1000 ms

  ask      t----------------
  commit   -5|----a|-----x|-
  write    5|------a|-------
  wake     -----5...|--a..|-
`

describe('toMatchMarblesAsync', () => {
  it('plays an actor whose store, manager, methods and handler are async', async () => {
    await expect(openCart).toMatchMarblesAsync(cart)
    const late = cart.replace('5|------a|', '5|-----a|-')
    expect(await complaintLater(expect(openCart).toMatchMarblesAsync(late))).toContain('^ column 7')
    expect(complaintOf(() => expect(openCart).toMatchMarbles(cart))).toContain(
      'await expect(...).toMatchMarblesAsync(...)',
    )
  })

  it('plays a synchronous actor and Observable as toMatchMarbles does', async () => {
    await expect(openAlarm).toMatchMarblesAsync(`
      ask      5---2---
      commit   -5|--2|-
      write    5|--2|--
    `)
    const slow = ({ cold }: MarbleRun) =>
      cold('-a-b|').pipe(concatMap((value) => timer(2).pipe(map(() => value))))
    await expect(slow).toMatchMarblesAsync('---a-(b|)')
    await expect(expect(slow).toMatchMarblesAsync('---a--(b|)')).rejects.toThrow('seen')
    await expect(slow).not.toMatchMarblesAsync('---a--(b|)')
    await expect(expect(of(1)).not.toMatchMarblesAsync('(A|)', { a: 1 })).rejects.toThrow('A has none')
  })

  it('lets promises settle in the column in which they are made', async () => {
    await expect(from(Promise.resolve('a'))).toMatchMarblesAsync('(a|)')
    async function* letters() {
      yield 'a'
      await firstValueFrom(timer(2))
      yield 'b'
    }
    await expect(defer(() => from(letters()))).toMatchMarblesAsync('a-(b|)')
    const looked = ({ cold }: MarbleRun) =>
      cold('a-b|').pipe(
        concatMap(async (value) => {
          for (let i = 0; i < 1_000; i++) await null
          await new Promise((resolve) => setImmediate(resolve))
          return value
        }),
      )
    await expect(looked).toMatchMarblesAsync('a-b|')
    const failing = defer(async () => {
      throw new RangeError('mine')
    })
    await expect(failing).toMatchMarblesAsync('#', { '#': new RangeError('mine') })
  })

  it('refuses real time still', async () => {
    const since = Date.now()
    const used = (use: () => unknown) =>
      complaintLater(
        expect(
          defer(async () => {
            await null
            use()
            return 'a'
          }),
        ).toMatchMarblesAsync('(a|)'),
      )
    expect(await used(() => Date.now() - since)).toContain('Date.now() was used at')
    expect(await used(() => new Date())).toContain('Instead read scheduler.now()')
    expect(await used(() => performance.now())).toContain('performance.now() was used')
    expect(await used(() => setTimeout(() => {}, 0))).toContain('setTimeout() was used')
    expect(await used(() => clearInterval(setInterval(() => {}, 1)))).toContain('use an RxJS scheduler')
    expect(await used(() => fetch('data:,').catch(() => {}))).toContain('fetch() was used')
    expect(await used(() => {})).toBe('nothing')
    expect(await complaintLater(expect((async () => of(1)) as never).toMatchMarblesAsync('(a|)'))).toContain(
      'given a promise',
    )
  })

  it('fails with what an async method throws, and where it never settles', async () => {
    const touching = (touch: () => Promise<void>) =>
      complaintLater(
        expect((config: AlarmConfig) => ({ alarm: openAlarm(config), touch })).toMatchMarblesAsync(
          '\nwhere    t = touch\nask      t--',
        ),
      )
    expect(
      await touching(async () => {
        throw new RangeError('mine')
      }),
    ).toBe('mine')
    expect(await touching(() => new Promise(() => {}))).toContain('the promise of touch() has not settled')
    expect(await touching(async () => {})).toBe('nothing')
  })

  it('shows what a broken alarm refuses an async method', async () => {
    const open = (config: AlarmConfig) => {
      const alarm = openAlarm(config)
      return {
        alarm,
        async touch() {
          await null
          alarm.set(5_000)
        },
      }
    }
    await expect(open).toMatchMarblesAsync(`
      where    t = touch
      broken   ALARM_COMMIT_FAILED

      life     ^-#---
      ask      t---t-
      write    5|----
      commit   -5#---
      refused  ----t-
    `)
  })

  it('ends before its test does', async () => {
    const { failures } = await runVitest(`
      import 'nolater/vitest'
      import { from } from 'rxjs'
      import { expect, test } from 'vitest'
      test('forgotten', () => {
        expect(from(Promise.resolve('a'))).toMatchMarblesAsync('(b|)')
      })
      test('awaited', async () => {
        await expect(from(Promise.resolve('a'))).toMatchMarblesAsync('(a|)')
      })
      test('different', async () => {
        await expect(from(Promise.resolve('a'))).toMatchMarblesAsync('(b|)')
      })
      test('refused', async () => {
        await expect(from(Promise.resolve('a'))).toMatchMarblesAsync('(b|)', { a: 1 })
      })
    `)
    expect([...failures.keys()]).toEqual(['forgotten', 'different', 'refused'])
    expect(failures.get('forgotten')).toContain('write await before expect')
    for (const failure of failures.values()) expect(failure).toMatch(/mine\.test\.ts:\d+/)
  })
})
