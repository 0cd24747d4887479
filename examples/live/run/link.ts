import {
  ACTORS,
  type Action,
  type ActorName,
  LONGEST,
  MOST_ACTIONS,
  type Plan,
  RANGES,
  STEP,
  type Weather,
} from './plan.ts'

/** What a link says: a run, how far it is, and whom to look at. */
export interface Place {
  readonly plan: Plan
  readonly now: number
  readonly actor: ActorName
}

/** A place as the part of an address after the `#`, readable: `seed=7&t=2400&actor=cart&do=300.storm_1200.set.cart.5000`. */
export function printLink({ plan, now, actor }: Place): string {
  const done = plan.actions.map((action) => [action.at, ...wordsOf(action)].join('.')).join('_')
  return `seed=${plan.seed}&t=${now}&actor=${actor}&do=${done}`
}

function wordsOf(action: Action): (string | number)[] {
  switch (action.kind) {
    case 'ask':
      return action.time === null ? ['delete', action.actor] : ['set', action.actor, action.time]
    case 'crash':
      return ['crash', action.actor]
    case 'storm':
      return ['storm']
    case 'weather':
      return [action.what, action.value]
  }
}

/** Reads a link, or returns `null` where it says anything that no page would have written. */
export function parseLink(link: string): Place | null {
  const said = new URLSearchParams(link)
  const seed = whole(said.get('seed'), 0, 2 ** 32 - 1)
  const now = onGrid(said.get('t'))
  const actor = actorOf(said.get('actor'))
  const done = said.get('do')
  if (seed === null || now === null || actor === null || done === null) return null
  const written = done === '' ? [] : done.split('_')
  if (written.length > MOST_ACTIONS) return null
  const actions = written.map((each) => parseAction(each.split('.')))
  if (!actions.every((action) => action !== null)) return null
  const isInOrder = actions.every(({ at }, i) => i === 0 || at >= actions[i - 1]!.at)
  return isInOrder ? { plan: { seed, actions }, now, actor } : null
}

function parseAction([when, kind, what, value, ...more]: readonly string[]): Action | null {
  const at = onGrid(when)
  if (at === null || more.length > 0) return null
  if (kind === 'storm') return what === undefined ? { at, kind } : null
  if (kind !== undefined && Object.hasOwn(RANGES, kind)) {
    const { min, max } = RANGES[kind as keyof Weather]
    const number = whole(what, min, max)
    if (number === null || value !== undefined) return null
    return { at, kind: 'weather', what: kind as keyof Weather, value: number }
  }
  const actor = actorOf(what)
  if (actor === null) return null
  if (kind === 'set') {
    const time = whole(value, 0, 10 * LONGEST)
    return time === null ? null : { at, kind: 'ask', actor, time }
  }
  if (value !== undefined) return null
  if (kind === 'delete') return { at, kind: 'ask', actor, time: null }
  return kind === 'crash' ? { at, kind, actor } : null
}

function whole(text: string | null | undefined, min: number, max: number): number | null {
  if (text == null || !/^\d{1,10}$/.test(text)) return null
  const number = Number(text)
  return number >= min && number <= max ? number : null
}

function onGrid(text: string | null | undefined): number | null {
  const at = whole(text, 0, LONGEST)
  return at === null || at % STEP !== 0 ? null : at
}

const actorOf = (text: string | null | undefined): ActorName | null =>
  ACTORS.find((name) => name === text) ?? null
