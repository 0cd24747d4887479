import { describe, expect, it } from 'vitest'
import type { Database } from '../../src/postgres/database.ts'
import { notifyOfDue } from '../../src/postgres/due-channel.ts'
import { virtualClock } from '../virtual-clock.ts'

/** What is sent, in ms; each is under way until it is answered. */
function channel() {
  const clock = virtualClock(0)
  const sent: number[] = []
  let answer = (_?: Error): void => {}
  const query = (_: string, [, dueIn]: readonly unknown[]) => {
    sent.push(Number(String(dueIn).split(' ')[1]))
    return new Promise((resolve, reject) => {
      answer = (error) => (error ? reject(error) : resolve([]))
    })
  }
  const notify = notifyOfDue({ name: 'nolater', query } as unknown as Database, clock, 'own')
  const answered = async (error?: Error): Promise<void> => {
    answer(error)
    for (let i = 0; i < 5; i++) await Promise.resolve()
  }
  return { clock, sent, notify, answered }
}

describe('what other processes are notified of', () => {
  it('is the first of all that is due, one notification at a time', async () => {
    const { sent, notify, answered } = channel()
    for (const dueIn of [50, 30, 20, 40]) notify(dueIn)
    expect(sent).toEqual([50])
    await answered()
    expect(sent).toEqual([50, 20])
    await answered()
    expect(sent).toEqual([50, 20])
  })

  it('is nothing that they find when they look next', async () => {
    const { clock, sent, notify, answered } = channel()
    notify(20)
    await answered()
    notify(20)
    notify(90)
    expect(sent).toEqual([20])
    await clock.advance(20)
    notify(90)
    expect(sent).toEqual([20, 90])
  })

  it('is sent again where it was not sent', async () => {
    const { sent, notify, answered } = channel()
    notify(20)
    await answered(new Error('the server is away'))
    notify(90)
    expect(sent).toEqual([20, 90])
  })

  it('is due at once where it is overdue', () => {
    const { sent, notify } = channel()
    notify(-500)
    expect(sent).toEqual([0])
  })
})
