import { isNoLater } from '../world/judge.ts'
import { kinds } from './commands.ts'
import { compare, type Lifecycle } from './lifecycle.ts'
import { isModelDrained } from './model.ts'
import type { Script } from './model-deliveries.ts'

/** A word, with its number and what a handler does at once: `set3`, `land0`, `deliver:set2:ok`. */
function read(text: string): { readonly word: string; readonly number: number; readonly script: Script } {
  const [, word = text, number = '0', rest = ''] = /^([a-z.]+[~?]?)(\d*)((?::\w+)*)$/.exec(text) ?? []
  const [, set, time] = /:(set|delete)(\d*)/.exec(rest) ?? []
  const end = /:(ok|fail)$/.exec(rest)?.[1] as 'ok' | 'fail' | undefined
  const intent = set === undefined ? {} : { intent: { time: set === 'set' ? Number(time) : null } }
  return { word, number: Number(number), script: end === undefined ? intent : { ...intent, end } }
}

/** Refuses what is no command. */
export function checkCommand(text: string): void {
  if (kinds[read(text).word] === undefined) throw new Error(`"${text}" is nothing that can happen`)
}

export function canHappen(life: Lifecycle, text: string): boolean {
  const { word, number } = read(text)
  return kinds[word]!.can(life, number)
}

/** Lets one thing happen to the model and to the engine, and throws where they differ. */
export function happen(life: Lifecycle, text: string): void {
  const { word, number, script } = read(text)
  life.story.push(text)
  kinds[word]!.run(life, number, script)
  compare(life)
}

const helpful = ['write.ok', 'commit.ok', 'backoff', 'handler.ok', 'land0']

/** From here on nothing fails: it must come to rest, all must agree, and every alarm must run. */
export function leaveAlone(life: Lifecycle): void {
  if (life.model.broken !== null) happen(life, 'crash')
  comeToRest(life)
  const { world, model } = life
  const { store, manager } = world
  const isCaughtUp = model.acked === model.issued && !world.mayBeEarly
  if (!isModelDrained(model)) throw new Error('it does not come to rest')
  if (store !== model.desired) throw new Error('at rest the store holds the newest intent')
  if (isCaughtUp ? manager.time !== store : !isNoLater(manager.time, store)) {
    throw new Error('at rest the manager holds the newest intent')
  }
  const before = world.handled.length
  for (let left = 20; left > 0 && world.manager.time !== null; left--) {
    happen(life, 'deliver')
    comeToRest(life)
  }
  if (world.manager.time !== null) throw new Error('every delivery is answered in the end')
  if (world.store !== null) throw new Error('an alarm was lost')
  if (store !== null && !world.handled.slice(before).includes(store))
    throw new Error('an alarm was never handled')
}

function comeToRest(life: Lifecycle): void {
  for (let left = 200; left > 0; left--) {
    const next = helpful.find((text) => canHappen(life, text))
    if (next === undefined) return
    happen(life, next)
  }
  throw new Error('it does not come to rest')
}
