/**
 * A lamp in a staircase that outlives its process's memory: it is pressed, falls asleep while it is lit, and is woken by its alarm to go out.
 * Prints: hall wakes, lit, hall sleeps, hall wakes, dark, hall sleeps.
 */
import { join } from 'node:path'
import { type ActorStore, sqliteManager, sqliteStore } from 'nolater/sqlite'
import { filter, Subject, take } from 'rxjs'
import { scratchFolder } from '../processes/scratch-folder.ts'
import { lamp } from './lamp.ts'
import { actorRuntime } from './runtime.ts'

const folder = scratchFolder('actor-runtime')
const manager = sqliteManager({ file: join(folder, 'alarms.db') })
const sleeps = new Subject<string>()

function open(key: string): ActorStore {
  console.log(key, 'wakes')
  const store = sqliteStore({ file: join(folder, `${key}.db`), key, manager })
  const close = (): Promise<void> => {
    const closed = store.close()
    console.log(key, 'sleeps')
    sleeps.next(key)
    return closed
  }
  return { ...store, close }
}

const { ask, deliveries$ } = actorRuntime({ manager, open, behave: lamp(400), idle: 100 })
const say = (key: string) => ask(key, 'look').subscribe(({ isLit }) => console.log(isLit ? 'lit' : 'dark'))

deliveries$.pipe(filter(({ kind }) => kind === 'done')).subscribe(({ key }) => say(key))
ask('hall', 'press').subscribe(({ isLit }) => console.log(isLit ? 'lit' : 'dark'))
sleeps.pipe(take(2)).subscribe({
  complete: () => manager.close(),
})
