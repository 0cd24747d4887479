import { memoryManager } from 'nolater'
import { virtualClock } from 'nolater/marbles'
import { sqliteStore } from 'nolater/sqlite'
import { EMPTY, firstValueFrom, from, type Observable, Subject, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { lamp } from '../../examples/actor-runtime/lamp.ts'
import { openCart } from '../../examples/guides/cart.ts'
import { openOutbox, Refused } from '../../examples/guides/retry.ts'
import { openSession } from '../../examples/guides/session.ts'
import { newFile } from '../sqlite/files.ts'

const IDLE = 1_000

/** The guide's cart, with mails that wait for the test. */
function stage(replicate: () => Observable<never> = () => EMPTY) {
  const clock = virtualClock()
  const manager = memoryManager({ scheduler: clock })
  const store = sqliteStore({ file: newFile(), key: '42', manager, scheduler: clock, replicate })
  const mails: { readonly items: string[]; readonly sent$: Subject<never> }[] = []
  const cart = openCart(store, IDLE, (items) => {
    const sent$ = new Subject<never>()
    mails.push({ items, sent$ })
    return sent$
  })
  const deliveries = manager.deliveries(cart.deliver).subscribe()
  const close = () => {
    deliveries.unsubscribe()
    store.close()
  }
  return { clock, manager, store, cart, mails, close, mailed: () => mails.map(({ items }) => items) }
}

describe('an item that is added while the mail is under way', () => {
  it('stays when what was mailed is deleted, and so does the alarm that it set', async () => {
    const { clock, manager, store, cart, mails, mailed, close } = stage()
    cart.add('tea').subscribe()
    await clock.advanceAsync(IDLE)
    expect(mailed()).toEqual([['tea']])

    expect(await firstValueFrom(cart.add('milk'))).toBe('milk is in your cart')
    const due = clock.now() + IDLE
    await clock.advanceAsync(10)
    mails[0]?.sent$.complete()
    await clock.advanceAsync(10)
    expect(cart.items()).toEqual(['milk'])
    expect([store.alarm.time, manager.get('42')]).toEqual([due, due])

    await clock.advanceAsync(IDLE)
    mails[1]?.sent$.complete()
    await clock.advanceAsync(0)
    expect([mailed(), cart.items(), store.alarm.time]).toEqual([[['tea'], ['milk']], [], null])
    close()
  })

  it('stays too where the cart was paid meanwhile: its id is not that of what was mailed', async () => {
    const { clock, cart, mails, close } = stage()
    cart.add('tea').subscribe()
    await clock.advanceAsync(IDLE)
    cart.pay()
    cart.add('milk').subscribe()
    mails[0]?.sent$.complete()
    await clock.advanceAsync(10)
    expect(cart.items()).toEqual(['milk'])
    close()
  })

  it('stays where the mail fails, and is in the one that is sent again', async () => {
    const { clock, cart, mails, mailed, close } = stage()
    cart.add('tea').subscribe()
    await clock.advanceAsync(IDLE)
    cart.add('milk').subscribe()
    mails[0]?.sent$.error(new Error('the server is away'))
    await clock.advanceAsync(IDLE)
    expect([mailed(), cart.items()]).toEqual([
      [['tea'], ['tea', 'milk']],
      ['tea', 'milk'],
    ])
    mails[1]?.sent$.complete()
    await clock.advanceAsync(0)
    expect(cart.items()).toEqual([])
    close()
  })

  it('and in the mail, because it was added just as the alarm went off, is not mailed again as an empty cart', async () => {
    let durable$: Observable<never> = EMPTY
    const { clock, cart, mails, mailed, close } = stage(() => durable$)
    cart.add('tea').subscribe()
    await clock.advanceAsync(IDLE - 1)
    const slow$ = new Subject<never>()
    durable$ = slow$
    cart.add('milk').subscribe()
    await clock.advanceAsync(1)
    durable$ = EMPTY
    slow$.complete()
    mails[0]?.sent$.complete()
    await clock.advanceAsync(2 * IDLE)
    expect([mailed(), cart.items()]).toEqual([[['tea', 'milk']], []])
    close()
  })

  it('is deleted in one commit with the end of the alarm, so that no mail of an empty cart is sent', async () => {
    const { clock, store, cart, mails, close } = stage()
    cart.add('tea').subscribe()
    await clock.advanceAsync(IDLE)
    const commits: string[] = []
    store.alarm.events$.subscribe(({ kind }) => kind === 'commit-issued' && commits.push(kind))
    mails[0]?.sent$.complete()
    await clock.advanceAsync(0)
    expect([commits, cart.items()]).toEqual([['commit-issued'], []])
    close()
  })
})

describe('a message that is sent while another one is under way', () => {
  function outboxOf(post: (text: string) => Observable<unknown>) {
    const clock = virtualClock()
    const manager = memoryManager({ scheduler: clock })
    const store = sqliteStore({ file: newFile(), key: '42', manager, scheduler: clock })
    const outbox = openOutbox(store, post)
    manager.deliveries(outbox.deliver, { abandon: outbox.abandon }).subscribe()
    return { clock, store, outbox }
  }

  it('is not taken for sent with it, and leaves at its own time', async () => {
    const posted: string[] = []
    const slow$ = new Subject<never>()
    const { clock, store, outbox } = outboxOf((text) => {
      posted.push(text)
      return text === 'first' ? slow$ : EMPTY
    })
    outbox.send('first', clock.now())
    await clock.advanceAsync(1)
    outbox.send('second', clock.now() + 100)
    slow$.complete()
    await clock.advanceAsync(1)
    expect([posted, outbox.state()]).toEqual([['first'], undefined])
    await clock.advanceAsync(100)
    expect([posted, outbox.state()]).toEqual([['first', 'second'], 'sent'])
    store.close()
  })

  it('is not given up with it', async () => {
    const slow$ = new Subject<never>()
    const { clock, store, outbox } = outboxOf((text) =>
      text === 'first' ? slow$ : throwError(() => new Refused(503)),
    )
    const first = clock.now()
    outbox.send('first', first)
    await clock.advanceAsync(1)
    const second = clock.now() + 100
    outbox.send('second', second)
    slow$.error(new Refused(410))
    await clock.advanceAsync(50)
    expect(await firstValueFrom(outbox.abandon('42', first))).toBe(second)
    expect([outbox.state(), store.alarm.time]).toEqual([undefined, second])
    store.close()
  })
})

describe('an alarm that goes off just as it is set anew', () => {
  /** A store whose commits are not durable yet once it is slow. */
  function slowStore() {
    const clock = virtualClock()
    const manager = memoryManager({ scheduler: clock })
    const slow$ = new Subject<never>()
    let durable$: Observable<never> = EMPTY
    const replicate = (): Observable<never> => durable$
    const store = sqliteStore({ file: newFile(), key: '42', manager, scheduler: clock, replicate })
    return {
      clock,
      manager,
      store,
      slowDown: () => {
        durable$ = slow$
      },
      catchUp: () => {
        durable$ = EMPTY
        slow$.complete()
      },
    }
  }
  const HALF_AN_HOUR = 1_800_000

  it('does not end the session that has begun', async () => {
    const { clock, manager, store, slowDown, catchUp } = slowStore()
    const session = openSession(store, clock)
    manager.deliveries(session.deliver).subscribe()
    session.begin('ada')
    await clock.advanceAsync(HALF_AN_HOUR - 1)
    slowDown()
    session.begin('bob')
    await clock.advanceAsync(1)
    catchUp()
    await clock.advanceAsync(1)
    expect([session.use(), store.get('user')]).toEqual([true, 'bob'])
    store.close()
  })

  it('does not put out the lamp that was pressed', async () => {
    const { clock, manager, store, slowDown, catchUp } = slowStore()
    const { receive, wake } = lamp(5_000)(store)
    manager.deliveries((delivery) => store.alarm.deliver(delivery, wake)).subscribe()
    receive('press')
    await clock.advanceAsync(4_999)
    slowDown()
    receive('press')
    await clock.advanceAsync(1)
    catchUp()
    await clock.advanceAsync(1)
    expect(await firstValueFrom(from(receive('look')))).toEqual({ isLit: true, presses: 2 })
    await clock.advanceAsync(5_000)
    expect(await firstValueFrom(from(receive('look')))).toEqual({ isLit: false, presses: 2 })
    store.close()
  })
})
