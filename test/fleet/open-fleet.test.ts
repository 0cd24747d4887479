import { concat, EMPTY, merge, NEVER, of, type SchedulerLike, Subject, Subscription, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { AlarmFencedError, memoryManager, openFleet } from '../../src/index.ts'
import { virtualClock } from '../virtual-clock.ts'
import { atRest, badTeardown, outcome, rig, uncaughtDuring, world } from './rig.ts'

const coded = (code: string) => expect.objectContaining({ code })

describe('a fleet', () => {
  it('has an actor at once that is loaded synchronously', () => {
    const { actor, stored } = rig()
    stored.set('a', { time: 7, epoch: 3 })
    const a = actor('a')
    expect(a.time).toBe(7)
    a.set(5)
    expect([a.time, stored.get('a')]).toEqual([5, { time: 5, epoch: 4 }])
    a.delete()
    expect([a.time, stored.get('a')]).toEqual([null, { time: null, epoch: 4 }])
    expect(outcome(a.confirmed()).end).toBe('done')
    expect(outcome(a.drained()).end).toBe('done')
  })

  it('throws what breaks an alarm synchronously, before the commit is issued', () => {
    const { actor, asks, calls } = rig({ config: { write: () => throwError(() => new Error('down')) } })
    expect(() => actor('a').set(5)).toThrow(coded('ALARM_PRECOMMIT_FAILED'))
    expect(calls.filter(({ name }) => name === 'commit')).toEqual([])
    asks.add('load')
  })

  it('refuses a bad key and a bad time, before anything has changed', () => {
    const { actor, calls } = rig()
    expect(() => actor('\ud800')).toThrow(coded('ALARM_KEY_INVALID'))
    expect(() => actor('a').set(-1)).toThrow(coded('ALARM_TIME_INVALID'))
    expect(calls).toEqual([])
  })

  describe('while it loads an actor', () => {
    it('says that its time is not known yet, and to wait for confirmed()', () => {
      const { actor, answer, stored } = rig({ asks: ['load'] })
      stored.set('a', { time: 7, epoch: 3 })
      const a = actor('a')
      expect(() => a.time).toThrow(coded('ALARM_LOADING'))
      expect(() => a.time).toThrow('confirmed()')
      expect(() => a.abandon(7)).toThrow(coded('ALARM_LOADING'))
      const [confirmed, drained] = [outcome(a.confirmed()), outcome(a.drained())]
      expect([confirmed.end, drained.end]).toEqual(['waiting', 'waiting'])
      answer('load')
      expect([confirmed.end, drained.end, a.time]).toEqual(['done', 'done', 7])
    })

    it('loads it for whoever waits for confirmed() first', () => {
      const { actor, answer } = rig({ asks: ['load'] })
      const confirmed = outcome(actor('a').confirmed())
      answer('load')
      expect([confirmed.end, actor('a').time]).toEqual(['done', null])
    })

    it('keeps the order of what is asked, the newest standing for all', () => {
      const { actor, answer, open, told, calls, events } = rig({ asks: ['load', 'write', 'commit'] })
      const a = actor('a')
      a.set(5)
      a.set(3)
      const early = outcome(a.confirmed())
      a.delete()
      a.set(9)
      answer('load')
      expect(open()).toEqual(['write a9'])
      answer('write')
      answer('commit')
      expect([early.end, open()]).toEqual(['done', []])
      expect(calls.map(({ name, time }) => `${name} ${time}`)).toEqual(['load null', 'write 9', 'commit 9'])
      expect(told('superseded', 'intent')).toEqual([
        'a superseded',
        'a superseded',
        'a superseded',
        'a intent',
      ])
      expect(events.find(({ kind }) => kind === 'intent')).toMatchObject({
        time: 9,
        move: 'earlier',
        bound: null,
      })
    })

    it('does nothing for the alarm that is stored', () => {
      const { actor, answer, calls, stored } = rig({ asks: ['load'] })
      stored.set('a', { time: 5e12, epoch: 1 })
      const a = actor('a')
      a.set(5e12)
      const before = outcome(a.confirmed())
      answer('load')
      expect(calls.map(({ name }) => name)).toEqual(['load'])
      expect([before.end, outcome(a.confirmed()).end]).toEqual(['done', 'done'])
    })

    it('commits what comes back to the alarm that is stored: its state has changed on the way', () => {
      const { actor, answer, calls, stored } = rig({ asks: ['load', 'commit'] })
      stored.set('a', { time: 5e12, epoch: 1 })
      const a = actor('a')
      a.delete()
      a.set(5e12)
      const waiting = outcome(a.confirmed())
      answer('load')
      expect(calls.map(({ name, time }) => `${name} ${time}`)).toEqual(['load null', 'commit 5000000000000'])
      expect(waiting.end).toBe('waiting')
      answer('commit')
      expect(waiting.end).toBe('done')
    })

    it('holds at the gate what comes after a confirmed intent, and nothing else', () => {
      const { actor, answer } = rig({ asks: ['load', 'commit'] })
      const a = actor('a')
      const replies$ = new Subject<string>()
      const sent = outcome(replies$.pipe(a.holdUntilConfirmed()))
      replies$.next('before anything')
      a.set(5, { allowUnconfirmed: true })
      replies$.next('after an unconfirmed one')
      expect(sent.values).toHaveLength(2)
      a.set(4)
      a.set(3, { allowUnconfirmed: true })
      replies$.next('after a confirmed one')
      answer('load')
      expect(sent.values).toHaveLength(2)
      answer('commit')
      expect(sent.values).toHaveLength(3)
    })

    it('holds it for a touch too, and commits though the alarm stays', () => {
      const { actor, answer, stored, open } = rig({ asks: ['load', 'commit'] })
      stored.set('a', { time: 5, epoch: 1 })
      const a = actor('a')
      a.touch()
      const sent = outcome(of('reply').pipe(a.holdUntilConfirmed()))
      answer('load')
      expect([open(), sent.values]).toEqual([['commit a5'], []])
      answer('commit')
      expect(sent.values).toEqual(['reply'])
    })

    it('tells the manager once what the store holds, with the first write there is', () => {
      const { actor, stored, calls, answer } = rig({ asks: ['load'], config: { reconcile: true } })
      for (const key of ['a', 'b', 'c', 'd']) stored.set(key, { time: 5, epoch: 1 })
      actor('a').set(3)
      actor('b').set(8)
      actor('c').set(5)
      outcome(actor('d').confirmed())
      for (const key of ['a', 'b', 'c', 'd']) answer('load', key)
      const writes = calls.filter(({ name }) => name === 'write')
      expect(writes.map(({ key, time }) => `${key}${time}`)).toEqual(['a3', 'b8', 'c5', 'd5'])
    })

    it.each([
      ['fails', () => throwError(() => new Error('disk'))],
      ['completes without an answer', () => EMPTY],
      ['emits no alarm time', () => of({ time: 'soon', epoch: 1 })],
      ['emits no epoch', () => of({ time: null })],
      ['emits nothing of use', () => of(undefined)],
      ['returns nothing', () => undefined],
    ])('tells everyone who waits that it %s, and how much is lost', (_, load) => {
      const go$ = new Subject<never>()
      const { actor, told, events, fleet } = rig({
        config: {
          load: ((): unknown => concat(go$, (load as () => never)() ?? throwError(() => 'none'))) as never,
        },
      })
      const a = actor('a')
      a.set(5)
      a.touch()
      const waiting = [
        outcome(a.confirmed()),
        outcome(a.drained()),
        outcome(of('reply').pipe(a.holdUntilConfirmed())),
        outcome(a.deliver({ scheduledTime: 5 }, () => EMPTY)),
        outcome(fleet.abandon('a', 5)),
      ]
      expect(waiting.map(({ end }) => end)).toEqual(Array(5).fill('waiting'))
      go$.complete()
      expect(waiting.map(({ end }) => end)).toEqual(Array(5).fill('ALARM_LOAD_FAILED'))
      expect(waiting[3]?.error).toMatchObject({ counted: false })
      expect(told('load-failed')).toEqual(['a load-failed'])
      expect(events.at(-1)).toMatchObject({ lost: 2, error: { code: 'ALARM_LOAD_FAILED' } })
      expect(() => a.time).toThrow(coded('ALARM_LOAD_FAILED'))
    })

    it('loads it anew with the next touch after that', () => {
      const { actor, answer, refuse, open, stored } = rig({ asks: ['load'] })
      const a = actor('a')
      a.set(5)
      refuse('load')
      a.set(6)
      expect(open()).toEqual(['load a'])
      answer('load')
      expect([a.time, stored.get('a')?.time]).toEqual([6, 6])
    })

    it('throws synchronously where loading fails so', () => {
      const { actor } = rig({ config: { load: () => throwError(() => new Error('disk')) } })
      expect(() => actor('a').set(5)).toThrow(coded('ALARM_LOAD_FAILED'))
    })
  })

  describe('has one incarnation of a key', () => {
    it('whoever asks for it while it is loaded', () => {
      const { actor, fleet, open, calls, answer } = rig({ asks: ['load'] })
      actor('a').set(5)
      const ran = outcome(fleet.deliver({ key: 'a', scheduledTime: 5, fence: 1, retryCount: 0 }, () => EMPTY))
      outcome(actor('a').confirmed())
      outcome(fleet.abandon('a', 77))
      expect(open()).toEqual(['load a'])
      answer('load')
      expect(calls.filter(({ name }) => name === 'load')).toHaveLength(1)
      expect(ran).toMatchObject({ end: 'done', values: [{ kind: 'ran' }] })
    })

    it('also when it is closed while it is loaded, and opened again', () => {
      const { actor, open, answer, told, stored } = rig({ asks: ['load'] })
      const a = actor('a')
      a.set(5)
      const waiting = outcome(a.confirmed())
      a.close()
      expect([waiting.end, open()]).toEqual(['ALARM_CLOSED', []])
      a.set(6)
      expect(open()).toEqual(['load a'])
      answer('load')
      expect(told('closed', 'opened')).toEqual(['a closed', 'a opened'])
      expect(stored.get('a')).toEqual({ time: 6, epoch: 1 })
    })

    it('also when it broke with a write in flight, which lands late and is refused by its fence', () => {
      const { actor, asks, calls, answer, refuse, late, held } = rig()
      const a = actor('a')
      a.set(5)
      asks.add('write').add('commit')
      a.set(9)
      answer('commit')
      const stray = calls.find(({ name, isOpen }) => name === 'write' && isOpen)!
      a.touch()
      refuse('commit')
      expect(stray.isOpen).toBe(false)
      a.set(3)
      answer('write')
      stray.done()
      answer('commit')
      expect(held.get('a')?.time).toBe(3)
      expect(late).toEqual([])
    })
  })

  describe('when an alarm breaks', () => {
    it('tells everyone who waits, and loads the actor anew with the next intent', () => {
      const { actor, refuse, asks, told, stored } = rig({ asks: ['commit'] })
      const a = actor('a')
      const replies$ = new Subject<string>()
      const sent = outcome(replies$.pipe(a.holdUntilConfirmed()))
      a.set(5)
      replies$.next('set')
      const waiting = outcome(a.confirmed())
      refuse('commit')
      expect([waiting.end, sent.end]).toEqual(['ALARM_COMMIT_FAILED', 'ALARM_COMMIT_FAILED'])
      expect(told('broken')).toEqual(['a broken'])
      expect(() => a.time).toThrow(coded('ALARM_COMMIT_FAILED'))
      expect(outcome(a.confirmed()).end).toBe('ALARM_COMMIT_FAILED')
      expect(outcome(of('reply').pipe(a.holdUntilConfirmed())).end).toBe('ALARM_COMMIT_FAILED')
      asks.clear()
      a.set(6)
      expect([a.time, stored.get('a')]).toEqual([6, { time: 6, epoch: 2 }])
      expect(outcome(of('reply').pipe(a.holdUntilConfirmed())).values).toEqual(['reply'])
    })

    it('lets no reply out that depends on what was lost, though somebody else has loaded the actor since', () => {
      const { actor, refuse, asks } = rig({ asks: ['commit'] })
      const [a, other] = [actor('a'), actor('a')]
      const replies$ = new Subject<string>()
      const sent = outcome(replies$.pipe(a.holdUntilConfirmed()))
      a.set(5)
      asks.clear()
      refuse('commit')
      other.set(6)
      replies$.next('5 is set')
      const late = outcome(of('5 is set').pipe(a.holdUntilConfirmed()))
      expect([sent, late]).toMatchObject([
        { end: 'ALARM_COMMIT_FAILED', values: [] },
        { end: 'ALARM_COMMIT_FAILED', values: [] },
      ])
      expect(outcome(a.confirmed()).end).toBe('ALARM_COMMIT_FAILED')
      expect(other.time).toBe(6)
    })

    it('lets no reply out either that another handle holds, which asked for nothing itself', () => {
      const { actor, refuse, asks } = rig({ asks: ['commit'] })
      const replies$ = new Subject<string>()
      const sent = outcome(replies$.pipe(actor('a').holdUntilConfirmed()))
      const others = outcome(replies$.pipe(actor('b').holdUntilConfirmed()))
      actor('a').set(5)
      asks.clear()
      refuse('commit')
      actor('a').set(6)
      replies$.next('5 is set')
      expect(sent).toMatchObject({ end: 'ALARM_COMMIT_FAILED', values: [] })
      expect(others).toMatchObject({ end: 'waiting', values: ['5 is set'] })
    })

    it('tells that it broke before it tells of the next one, though whoever waited asks anew at once', () => {
      const { actor, refuse, told } = rig({ asks: ['commit'] })
      const a = actor('a')
      a.set(5)
      a.confirmed().subscribe({ error: () => a.set(6) })
      refuse('commit')
      expect(told('opened', 'broken')).toEqual(['a opened', 'a broken', 'a opened'])
    })

    it('fails a gate once, not also the one that is opened on hearing of it', () => {
      const { actor, answer, refuse } = rig({ asks: ['commit'] })
      const a = actor('a')
      const replies$ = new Subject<string>()
      const held$ = replies$.pipe(a.holdUntilConfirmed())
      let again = outcome(NEVER)
      held$.subscribe({
        error() {
          a.set(6)
          again = outcome(held$)
        },
      })
      a.set(5)
      replies$.next('5 is set')
      refuse('commit')
      replies$.next('6 is set')
      expect(again).toEqual({ end: 'waiting', values: [] })
      answer('commit')
      expect(again).toEqual({ end: 'waiting', values: ['6 is set'] })
      a.set(7)
      refuse('commit')
      expect(again.end).toBe('ALARM_COMMIT_FAILED')
    })

    it('fails each gate of it, though what hears of it throws in its teardown', async () => {
      const { actor, fleet } = rig()
      const a = actor('a')
      const replies$ = concat(of(1), NEVER)
      outcome(merge(replies$, badTeardown()).pipe(a.holdUntilConfirmed()))
      const sent = outcome(replies$.pipe(a.holdUntilConfirmed()))
      a.set(5)
      expect(await uncaughtDuring(() => a.close())).toHaveLength(1)
      expect(sent.end).toBe('ALARM_CLOSED')
      const { actors, writing } = fleet.pressure
      expect([actors, writing]).toEqual([0, 0])
    })

    it('passes a fenced one on as it is', () => {
      const { actor, events } = rig({
        config: { write: (_, { key, fence }) => throwError(() => new AlarmFencedError(key, fence)) },
      })
      expect(() => actor('a').set(5)).toThrow(coded('ALARM_FENCED'))
      expect(events.at(-1)).toMatchObject({ kind: 'broken', error: { code: 'ALARM_FENCED' } })
    })

    it('calls discard, before anybody hears of it', async () => {
      const order: string[] = []
      const { actor, clock, refuse, fleet } = rig({
        asks: ['commit'],
        config: { discard: (key: string) => order.push(`discard ${key}`) },
      })
      const a = actor('a')
      a.set(5)
      a.confirmed().subscribe({ error: () => order.push('heard') })
      fleet.events$.subscribe(({ kind }) => kind === 'broken' && order.push('told'))
      refuse('commit')
      expect(order).toEqual(['discard a', 'heard', 'told'])
      actor('b').set(5)
      const closed = expect(fleet.close()).rejects.toMatchObject({ keys: ['b'] })
      await clock.advance(5_000)
      await closed
      expect(order.slice(3)).toEqual(['discard b'])
    })
  })

  it('reports what discard throws as what nobody can catch, and goes on', async () => {
    const { actor, refuse, told } = rig({
      asks: ['commit'],
      config: {
        discard: () => {
          throw new Error('no discard')
        },
      },
    })
    actor('a').set(5)
    expect(await uncaughtDuring(() => refuse('commit'))).toEqual(['no discard'])
    expect(told('broken')).toEqual(['a broken'])
  })

  describe('drops an actor that nobody uses', () => {
    it('after idleAfter, at the latest after twice that, with one timer for all', async () => {
      const { actor, clock, told, fleet } = rig({ config: { idleAfter: 100 } })
      for (let i = 0; i < 1000; i++) actor(`a${i}`).set(5)
      expect([clock.pending(), fleet.pressure.actors]).toEqual([1, 1000])
      await clock.advance(99)
      expect(fleet.pressure.actors).toBe(1000)
      await clock.advance(51)
      actor('a7').touch()
      await clock.advance(50)
      expect(told('dropped')).toHaveLength(999)
      expect(clock.pending()).toBe(1)
      await clock.advance(100)
      expect(told('dropped').at(-1)).toBe('a7 dropped')
      expect([clock.pending(), fleet.pressure.actors]).toEqual([0, 0])
    })

    it('never before idleAfter since it was used', async () => {
      for (const used of [1, 50, 99, 100, 101]) {
        const { actor, clock, fleet } = rig({ config: { idleAfter: 100 } })
        actor('other').set(5)
        await clock.advance(used)
        actor('a').set(5)
        await clock.advance(99)
        expect(fleet.pressure.actors, `used at ${used}`).toBeGreaterThanOrEqual(1)
        await clock.advance(101)
        expect(fleet.pressure.actors).toBe(0)
      }
    })

    it('but not while it has something to do, or somebody waits for it', async () => {
      const { actor, clock, fleet, told } = rig({ asks: ['write'], config: { idleAfter: 100 } })
      actor('busy').set(5)
      const never$ = new Subject<never>()
      const { answer } = { answer: outcome(actor('run').deliver({ scheduledTime: 5 }, () => never$)) }
      await clock.advance(1000)
      expect(answer.end).toBe('waiting')
      expect(told('dropped')).toEqual([])
      expect(fleet.pressure.actors).toBe(2)
    })

    it('and its handle opens it again, under a new epoch', async () => {
      const { actor, clock, told, stored } = rig({ config: { idleAfter: 100 } })
      const a = actor('a')
      a.set(5)
      await clock.advance(200)
      expect(told('dropped')).toEqual(['a dropped'])
      expect(a.time).toBe(5)
      a.set(3)
      expect(stored.get('a')).toEqual({ time: 3, epoch: 2 })
      await clock.advance(200)
      expect(outcome(of('reply').pipe(a.holdUntilConfirmed())).values).toEqual(['reply'])
      expect(told('opened')).toHaveLength(2) // a gate asks nothing
    })

    it('never, where idleAfter is Infinity, and then sets no timer', async () => {
      const { actor, clock, fleet } = rig({ config: { idleAfter: Number.POSITIVE_INFINITY } })
      actor('a').set(5)
      expect(clock.pending()).toBe(0)
      await clock.advance(1e9)
      expect(fleet.pressure.actors).toBe(1)
    })

    it('and sets no timer any more when it is closed on hearing of it', async () => {
      const { actor, clock, fleet, told } = rig({ config: { idleAfter: 100 } })
      for (const key of ['a', 'b']) actor(key).set(5)
      fleet.events$.subscribe(({ kind }) => kind === 'dropped' && fleet.close())
      actor('c').touch()
      await clock.advance(200)
      expect([told('dropped'), clock.pending()]).toEqual([['a dropped'], 0])
    })

    it('some at a time, where there are very many', () => {
      let due = (): void => {}
      const scheduler = {
        now: () => 0,
        schedule(work: () => void) {
          due = work
          return Subscription.EMPTY
        },
      } as unknown as SchedulerLike
      const { config } = world()
      const fleet = openFleet({ ...config, scheduler })
      for (let i = 0; i < 50_000; i++) fleet.actor(`actor ${i}`).touch()
      const left: number[] = []
      for (let i = 0; i < 3; i++) due() // a round in which nobody has been idle for long
      for (let i = 0; i < 3; i++) {
        due()
        left.push(fleet.pressure.actors)
      }
      expect(left).toEqual([30_000, 10_000, 0])
    })

    it('also a broken one, without a word', async () => {
      const { actor, clock, fleet, refuse, told } = rig({ asks: ['commit'], config: { idleAfter: 100 } })
      actor('a').set(5)
      refuse('commit')
      await clock.advance(300)
      expect([fleet.pressure.actors, clock.pending(), told('dropped')]).toEqual([0, 0, []])
    })
  })

  describe('gives turns to write', () => {
    it('to so many at a time, whoever has waited longest first', () => {
      const { actor, open, answer, fleet, told, events } = rig({
        asks: ['write'],
        config: { concurrency: 2 },
      })
      for (const key of ['a', 'b', 'c', 'd']) actor(key).set(5)
      expect(open()).toEqual(['write a5', 'write b5'])
      expect(fleet.pressure).toEqual({ ...atRest, actors: 4, waiting: 2, writing: 2 })
      expect(told('waiting')).toEqual(['c waiting', 'd waiting'])
      expect(events.filter(({ kind }) => kind === 'waiting')).toMatchObject([
        { move: 'earlier', waiting: 1, writing: 2 },
        { move: 'earlier', waiting: 2, writing: 2 },
      ])
      answer('write', 'b')
      expect(open()).toEqual(['write a5', 'write c5'])
      answer('write')
      answer('write')
      answer('write')
      expect(fleet.pressure).toEqual({ ...atRest, actors: 4 })
    })

    it('to an actor with a storm of intents no more often than to the others', () => {
      const { actor, open, answer } = rig({ asks: ['write'], config: { concurrency: 1 } })
      const storm = actor('storm')
      storm.set(1e6)
      for (const key of ['a', 'b', 'c']) actor(key).set(5)
      const order: string[] = []
      for (let i = 1; i <= 6; i++) {
        storm.set(1e6 - 2 * i)
        storm.set(1e6 - 2 * i - 1)
        order.push(open()[0] as string)
        answer('write')
      }
      expect(order.map((write) => write.split(' ')[1]?.replace(/\d/g, ''))).toEqual([
        'storm',
        'a',
        'b',
        'c',
        'storm',
        'storm',
      ])
    })

    it('and works out what to write when the turn comes: nothing waits as a value', () => {
      const { actor, open, answer, calls, late, held } = rig({ asks: ['write'], config: { concurrency: 1 } })
      for (const key of ['a', 'b']) {
        actor(key).set(10)
        answer('write')
      }
      actor('hog').set(1)
      const [a, b] = [actor('a'), actor('b')]
      a.set(50) // committed: a later move waits for its turn
      a.set(60)
      b.set(70)
      b.set(7) // and one that is not needed any more: an earlier one is
      a.set(55)
      answer('write', 'hog')
      answer('write')
      answer('write')
      expect(open()).toEqual([])
      expect(calls.filter(({ name }) => name === 'write').map(({ key, time }) => `${key}${time}`)).toEqual([
        'a10',
        'b10',
        'hog1',
        'b7',
        'a55',
      ])
      expect(held.get('b')?.time).toBe(7)
      expect(late).toEqual([])
    })

    it('and passes the turn of one on that has nothing to write any more', () => {
      const { actor, open, answer, calls, fleet } = rig({ asks: ['write'], config: { concurrency: 1 } })
      actor('a').set(10)
      answer('write')
      actor('hog').set(1)
      const a = actor('a')
      a.set(50)
      a.set(10)
      actor('b').set(5)
      answer('write', 'hog')
      expect(open()).toEqual(['write b5'])
      answer('write')
      expect(calls.filter(({ key, name }) => key === 'a' && name === 'write')).toHaveLength(1)
      expect(fleet.pressure).toMatchObject({ waiting: 0, writing: 0 })
    })

    it('while a write that never ends holds its own place only, and gives it back when its actor is closed', () => {
      const { actor, open, answer, fleet } = rig({ asks: ['write'], config: { concurrency: 2 } })
      actor('stuck').set(1)
      for (const key of ['a', 'b', 'c']) actor(key).set(5)
      for (const key of ['a', 'b', 'c']) answer('write', key)
      expect(open()).toEqual(['write stuck1'])
      actor('stuck').close()
      expect(fleet.pressure).toMatchObject({ actors: 3, waiting: 0, writing: 0 })
    })

    it('and takes the place of a write that its actor gave up with its alarm', () => {
      const { actor, open, refuse, asks, fleet } = rig({
        asks: ['write', 'commit'],
        config: { concurrency: 1 },
      })
      asks.delete('write')
      actor('a').set(5)
      asks.add('write')
      const waiting = outcome(actor('a').confirmed())
      actor('a').set(3)
      actor('b').set(7)
      expect(open()).toEqual(['commit a5', 'write a3'])
      refuse('commit')
      expect([waiting.end, open()]).toEqual(['ALARM_COMMIT_FAILED', ['write b7']])
      expect(fleet.pressure.writing).toBe(1)
    })

    it('and lets no more actors load at a time', () => {
      const { actor, open, answer, fleet, refuse } = rig({ asks: ['load'], config: { concurrency: 2 } })
      for (const key of ['a', 'b', 'c', 'd']) actor(key).set(5)
      expect(open()).toEqual(['load a', 'load b'])
      expect(fleet.pressure).toMatchObject({ actors: 4, loading: 4 })
      actor('c').close()
      refuse('load', 'a')
      expect(open()).toEqual(['load b', 'load d'])
      answer('load')
      answer('load')
      expect(fleet.pressure).toMatchObject({ actors: 3, loading: 0 })
    })

    it('and needs none to commit', () => {
      const { actor, calls } = rig({ asks: ['write'], config: { concurrency: 1 } })
      actor('a').set(5)
      actor('b').touch()
      expect(calls.filter(({ name }) => name === 'commit').map(({ key }) => key)).toEqual(['b'])
    })

    it('and none to an actor that is closed while it waits', () => {
      const { actor, fleet, open, answer, calls } = rig({
        asks: ['write', 'load'],
        config: { concurrency: 1 },
      })
      for (const key of ['a', 'b', 'c']) actor(key).set(5)
      actor('b').close()
      expect(fleet.pressure).toMatchObject({ loading: 2 })
      answer('load', 'a')
      answer('load', 'c')
      expect([open(), fleet.pressure.waiting]).toEqual([['write a5'], 1])
      actor('c').close()
      expect(fleet.pressure.waiting).toBe(0)
      answer('write')
      expect(calls.filter(({ key }) => key === 'b')).toEqual([])
    })

    it('and gives the place of a write back that was done at once', () => {
      const { actor, fleet } = rig({ config: { concurrency: 1, write: () => EMPTY } })
      for (const key of ['a', 'b', 'c']) actor(key).set(5)
      expect(outcome(fleet.drained()).end).toBe('done')
      expect(fleet.pressure.writing).toBe(0)
    })

    it('to a retry as to any other write', async () => {
      const { actor, open, answer, refuse, clock } = rig({
        asks: ['write'],
        config: { concurrency: 1, retry: { delay: () => 10 } },
      })
      actor('a').set(5)
      answer('write')
      actor('a').delete()
      refuse('write', 'a')
      actor('hog').set(1)
      await clock.advance(10)
      expect(open()).toEqual(['write hog1'])
      answer('write', 'hog')
      expect(open()).toEqual(['write a-'])
    })
  })

  describe('hears that the state of an actor has changed', () => {
    it('and closes its gate at once, and commits at the end of the turn', async () => {
      const changed$ = new Subject<string>()
      const { actor, answer, open, told } = rig({ asks: ['commit'], config: { changed$ } })
      const a = actor('a')
      a.set(5)
      answer('commit')
      changed$.next('a')
      changed$.next('a')
      const sent = outcome(of('sent').pipe(a.holdUntilConfirmed()))
      expect([open(), sent.end]).toEqual([[], 'waiting'])
      await undefined
      expect([open(), sent.end]).toEqual([['commit a5'], 'waiting'])
      changed$.next('a')
      const next = outcome(a.confirmed())
      answer('commit')
      expect([open(), sent.end, next.end]).toEqual([['commit a5'], 'done', 'waiting'])
      answer('commit')
      expect([open(), next.end]).toEqual([[], 'done'])
      expect(told('touched')).toEqual(['a touched', 'a touched', 'a touched'])
    })

    it('and tells it when that is so: who hears of it finds the gate closed, and may close the actor', async () => {
      const changed$ = new Subject<string>()
      const { fleet, actor, answer, open, calls } = rig({ asks: ['commit'], config: { changed$ } })
      const a = actor('a')
      a.set(5)
      answer('commit')
      let sent: { readonly end: string } | undefined
      const heard = fleet.events$.subscribe(({ kind }) => {
        if (kind === 'touched') sent = outcome(of('sent').pipe(a.holdUntilConfirmed()))
      })
      changed$.next('a')
      expect(sent?.end).toBe('waiting')
      await undefined
      expect([open(), sent?.end]).toEqual([['commit a5'], 'waiting'])
      answer('commit')
      expect(sent?.end).toBe('done')
      heard.unsubscribe()
      fleet.events$.subscribe(({ kind }) => kind === 'touched' && a.close())
      calls.length = 0
      changed$.next('a')
      await undefined
      expect(calls).toEqual([])
    })

    it.each([5, 'ab', {}, () => EMPTY])('from a stream of keys, not from %s', (changed$) => {
      expect(() => rig({ config: { changed$: changed$ as never } }).fleet).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^ALARM_(CONFIG|RETURN)_INVALID$/) }),
      )
    })

    it('with one commit, where something else is asked in that turn', async () => {
      const changed$ = new Subject<string>()
      const { actor, calls } = rig({ config: { changed$ } })
      const a = actor('a')
      a.set(5)
      calls.length = 0
      changed$.next('a')
      a.set(5)
      changed$.next('a')
      a.set(4)
      await undefined
      expect(calls.map(({ name, time }) => `${name} ${time}`)).toEqual(['commit 5', 'write 4', 'commit 4'])
    })

    it('of one that is not in memory, of none with a bad key, and no more when it is closed', async () => {
      const changed$ = new Subject<string>()
      const { fleet, calls, events } = rig({ config: { changed$, reconcile: false } })
      changed$.next('a')
      changed$.next('\ud800')
      await undefined
      expect(calls.map(({ name, key }) => `${name} ${key}`)).toEqual(['load a', 'commit a'])
      expect(events.filter(({ kind }) => kind === 'refused')).toMatchObject([
        { error: { code: 'ALARM_KEY_INVALID' } },
      ])
      changed$.next('a')
      fleet.close()
      changed$.next('a')
      await undefined
      expect([calls.length, changed$.observed]).toEqual([3, false]) // what was told before it was closed is committed
    })
  })

  it('delivers to an actor that it loads first', async () => {
    const clock = virtualClock(0)
    const manager = memoryManager({ scheduler: clock })
    const { config, stored } = world()
    stored.set('a', { time: 100, epoch: 1 })
    const fleet = openFleet({
      ...config,
      write: (time, info) => manager.write(info.key, time, info),
      scheduler: clock,
    })
    manager.write('a', 100, { key: 'a', move: 'earlier', fence: 2 ** 22, attempt: 1 }).subscribe()
    const kinds: string[] = []
    manager
      .deliveries((delivery) => fleet.deliver(delivery, () => EMPTY), { abandon: fleet.abandon })
      .subscribe(({ kind }) => kinds.push(kind))
    await clock.advance(100)
    expect(kinds).toEqual(['delivered', 'done'])
    expect([stored.get('a')?.time, manager.get('a')]).toEqual([null, null])
  })

  it('gives an alarm up, once that is durable', () => {
    const { fleet, stored, answer } = rig({ asks: ['load', 'commit'] })
    stored.set('a', { time: 100, epoch: 1 })
    stored.set('b', { time: 200, epoch: 1 })
    const [a, b] = [outcome(fleet.abandon('a', 100)), outcome(fleet.abandon('b', 100))]
    answer('load', 'a')
    answer('load', 'b')
    expect([a.end, b]).toMatchObject(['waiting', { end: 'done', values: [200] }])
    answer('commit')
    expect(a).toMatchObject({ end: 'done', values: [null] })
    expect(outcome(fleet.abandon('\ud800', 5)).end).toBe('ALARM_KEY_INVALID')
    expect(outcome(fleet.deliver(undefined as never, () => EMPTY)).end).toBe('ALARM_KEY_INVALID')
  })

  it('writes what it keeps in place of the alarm that is given up, also where that write has to wait for its turn', () => {
    const { fleet, actor, open, answer } = rig({ asks: ['write'], config: { concurrency: 1 } })
    actor('a').set(10)
    answer('write')
    actor('hog').set(1)
    actor('a').set(50)
    expect(outcome(fleet.abandon('a', 10))).toMatchObject({ end: 'done', values: [50] })
    answer('write', 'hog')
    expect(open()).toEqual(['write a50']) // its answer may be lost
  })

  it('tells of one actor what openAlarm would, and of nothing else', async () => {
    const { actor, refuse, clock, asks } = rig({ config: { idleAfter: 100 } })
    const a = actor('a')
    const seen = outcome(a.events$)
    a.set(5)
    actor('b').set(5)
    const kinds = (): unknown[] => seen.values.map((event) => (event as { kind: string }).kind)
    const round = ['write-issued', 'write-acknowledged', 'commit-issued', 'commit-acknowledged']
    expect(kinds()).toEqual(['intent', ...round, 'drained'])
    await clock.advance(200)
    expect(seen.end).toBe('waiting')
    asks.add('commit')
    a.set(3)
    refuse('commit')
    expect(seen.end).toBe('ALARM_COMMIT_FAILED')
    const closed = outcome(a.events$)
    asks.clear()
    a.set(4)
    a.close()
    expect(closed.end).toBe('done')
  })

  it('makes no events while nobody listens, and tells all of them to who comes later', () => {
    let looked = 0
    const clock = virtualClock()
    const counting = { now: () => [looked++, clock.now()][1] as number, schedule: clock.schedule }
    const { config, asks, answer } = world({ asks: ['write'] })
    const fleet = openFleet({
      ...config,
      reconcile: false,
      scheduler: counting,
      idleAfter: Number.POSITIVE_INFINITY,
    })
    for (const key of ['a', 'b']) fleet.actor(key).set(5)
    answer('write')
    expect(looked).toBe(0)
    const heard: string[] = []
    const listening = fleet.events$.subscribe(({ key, kind }) => heard.push(`${key} ${kind}`))
    asks.clear()
    answer('write', 'b')
    expect(heard).toEqual(['b write-acknowledged', 'b commit-issued', 'b commit-acknowledged', 'b drained'])
    listening.unsubscribe()
    looked = 0
    fleet.actor('a').set(4)
    expect([looked, heard.length]).toEqual([0, 4])
  })

  it('takes what a listener asks of an actor when it hears of the end of its write, held or not', () => {
    for (const kind of ['write-acknowledged', 'write-failed', 'write-retried'] as const) {
      const { actor, fleet, answer, refuse, open, late } = rig({
        asks: ['write'],
        config: { retry: { count: 1 } },
      })
      const a = actor('a')
      let heard = 0
      fleet.events$.subscribe((event) => {
        if (event.kind === kind && 'time' in event && event.time === 8 && heard++ === 0) a.set(2)
      })
      a.set(5)
      a.set(3) // held by the write of 5
      answer('write')
      a.set(8)
      answer('write')
      expect(open()).toEqual(['write a8'])
      if (kind === 'write-acknowledged') answer('write')
      else refuse('write')
      expect([open(), heard, late]).toEqual([['write a2'], 1, []])
    }
  })

  it('stops everything when it is closed and not answered for 5 s, and tells who waits', async () => {
    const { actor, fleet, open, events, clock, calls } = rig({ asks: ['load', 'write'] })
    const [a, b] = [actor('a'), actor('b')]
    a.set(5)
    b.set(5)
    calls[0]?.done()
    const waiting = [outcome(a.confirmed()), outcome(b.drained()), outcome(fleet.drained())]
    const stream = outcome(fleet.events$)
    const { length } = events
    const closed = expect(fleet.close()).rejects.toMatchObject({
      code: 'ALARM_CLOSE_FAILED',
      keys: ['a', 'b'],
    })
    expect(fleet.close()).toBe(fleet.close())
    await clock.advance(4_999)
    expect(waiting.map(({ end }) => end)).toEqual(['waiting', 'waiting', 'waiting'])
    await clock.advance(1)
    await closed
    expect(waiting.map(({ end }) => end)).toEqual(['ALARM_CLOSED', 'ALARM_CLOSED', 'done'])
    expect([open(), clock.pending(), stream.end, events.length]).toEqual([[], 0, 'done', length])
    expect(() => a.set(6)).toThrow(coded('ALARM_CLOSED'))
    expect(() => actor('c').time).toThrow(coded('ALARM_CLOSED'))
    expect(outcome(actor('c').confirmed()).end).toBe('ALARM_CLOSED')
    expect(fleet.pressure).toEqual(atRest)
  })

  it('has nothing to stop of an idle actor when it is closed, but at whose gate something may be held', async () => {
    const discarded: string[] = []
    const { actor, fleet, clock } = rig({
      asks: ['commit'],
      config: { discard: (key: string) => discarded.push(key) },
    })
    const gate = outcome(NEVER.pipe(actor('gated').holdUntilConfirmed()))
    const idle = actor('idle')
    idle.delete()
    actor('gated').delete()
    actor('busy').set(5)
    const closed = expect(fleet.close()).rejects.toMatchObject({ keys: ['busy'] })
    await clock.advance(5_000)
    await closed
    expect([discarded.toSorted(), gate.end]).toEqual([['busy', 'gated'], 'ALARM_CLOSED'])
    expect(outcome(of('reply').pipe(idle.holdUntilConfirmed())).end).toBe('ALARM_CLOSED')
  })

  it('stops everything when it is closed, though what it unsubscribes throws', async () => {
    const { actor, clock, fleet } = rig({ config: { write: badTeardown } })
    const waiting = ['a', 'b', 'c'].map((key) => {
      actor(key).set(5)
      return outcome(actor(key).confirmed())
    })
    const stream = outcome(fleet.events$)
    const closed = expect(fleet.close()).rejects.toThrow('teardown')
    await clock.advance(5_000)
    await closed
    expect([...waiting, stream].map(({ end }) => end)).toEqual([...Array(3).fill('ALARM_CLOSED'), 'done'])
    expect(fleet.pressure).toEqual(atRest)
  })

  it('says when no actor has anything left to do', () => {
    const { actor, fleet, answer } = rig({ asks: ['write'] })
    expect(outcome(fleet.drained()).end).toBe('done')
    actor('a').set(5)
    const drained = outcome(fleet.drained())
    actor('b').set(5)
    answer('write', 'a')
    expect(drained.end).toBe('waiting')
    answer('write', 'b')
    expect(drained.end).toBe('done')
  })
})
