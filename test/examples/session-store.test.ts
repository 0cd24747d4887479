import { DatabaseSync } from 'node:sqlite'
import { type AlarmManager, memoryManager } from 'nolater'
import { virtualClock } from 'nolater/marbles'
import { from, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { sessionStore } from '../../examples/session-store.ts'
import { newFile } from '../sqlite/files.ts'
import { runExample } from './run-example.ts'

const IDLE = 30
const LONGEST = 100

function stage(more: Partial<AlarmManager> = {}) {
  const clock = virtualClock()
  const manager = { ...memoryManager({ scheduler: clock }), ...more }
  const file = newFile()
  const start = () => {
    const store = sessionStore({ file, manager, idle: IDLE, longest: LONGEST, scheduler: clock })
    const deliveries = manager.deliveries(store.deliver).subscribe()
    const kill = (): void => {
      deliveries.unsubscribe()
      store.close()
    }
    const begin = (data: string): string => {
      let id = ''
      store.begin(data).subscribe((begun) => {
        id = begun
      })
      return id
    }
    return { ...store, begin, kill }
  }
  const rows = (): unknown[] => {
    const db = new DatabaseSync(file)
    try {
      return db.prepare('SELECT data, alarm, latest FROM session').all()
    } finally {
      db.close()
    }
  }
  return { clock, manager, start, rows }
}

describe('the session store', () => {
  it('ends a session that nobody uses, and its row with it', () => {
    const { clock, manager, start, rows } = stage()
    const { begin, use, kill } = start()
    const id = begin('ada')
    expect(rows()).toEqual([{ data: 'ada', alarm: 30, latest: 100 }])
    clock.advance(29)
    expect(use(id)).toBe('ada')
    clock.advance(29)
    expect(use(id)).toBe('ada')
    clock.advance(30)
    expect([use(id), manager.get(id)]).toEqual([undefined, null])
    expect(rows()).toEqual([])
    kill()
  })

  it('ends a session at last, however busy it is, and over as many restarts as there are uses', () => {
    const { clock, start } = stage()
    let store = start()
    const id = store.begin('ada')
    const seen: string[] = []
    for (let at = 20; at <= 120; at += 20) {
      store.kill()
      clock.advanceTo(at)
      store = start()
      seen.push(`${store.use(id)} ${at}`)
    }
    expect(seen).toEqual(['ada 20', 'ada 40', 'ada 60', 'ada 80', 'undefined 100', 'undefined 120'])
    store.kill()
  })

  it('does not give out a session that is over, and not yet ended', () => {
    const { clock, start } = stage()
    const first = start()
    const id = first.begin('ada')
    first.kill()
    clock.advance(30)
    const second = start()
    expect(second.use(id)).toBe(undefined)
    second.kill()
  })

  it('ends a session that is ended, and knows nothing of others', () => {
    const { clock, manager, start, rows } = stage()
    const { begin, end, use, kill } = start()
    const id = begin('ada')
    end(id)
    end('nobody')
    expect([use(id), use('nobody'), rows(), manager.get(id)]).toEqual([undefined, undefined, [], null])
    clock.flush()
    kill()
  })

  it('answers for what the manager still holds of a session that has ended', () => {
    const { clock, manager, start } = stage()
    const { kill } = start()
    const info = { key: 'gone', move: 'earlier', fence: 1, attempt: 1 } as const
    from(manager.write('gone', 10, info)).subscribe()
    clock.advance(10)
    expect(manager.get('gone')).toBe(null)
    kill()
  })

  it('leaves a session to the process that opened it last', () => {
    const { start } = stage()
    const [first, second] = [start(), start()]
    const id = first.begin('ada')
    expect(second.use(id)).toBe('ada')
    expect(() => {
      first.end(id)
    }).toThrow(expect.objectContaining({ code: 'ALARM_FENCED' }))
    expect(second.use(id)).toBe('ada')
    first.kill()
    second.kill()
  })

  it('begins no session whose end the manager does not know', () => {
    const { start, rows } = stage({ write: () => throwError(() => new Error('down')) })
    const { begin, kill } = start()
    expect(() => begin('ada')).toThrow(expect.objectContaining({ code: 'ALARM_PRECOMMIT_FAILED' }))
    expect(rows()).toEqual([])
    kill()
  })

  it('does what its example says, in a process of its own', () => {
    expect(runExample('session-store.ts')).toEqual(['Ada is here', 'nobody is here'])
  })
})
