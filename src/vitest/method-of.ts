import { MarblesError } from '../marbles/index.ts'

/** The method of an actor that a letter stands for; throws `MARBLES_INVALID` where it has none. */
export function methodOf(actor: object, name: string): (this: object) => unknown {
  const method = (actor as Record<string, unknown>)[name]
  if (typeof method === 'function') return method as () => unknown
  throw new MarblesError(
    'MARBLES_INVALID',
    `Expected the actor to have a method ${name}, which a letter of the diagram stands for; it has ${methodsOf(actor).join(', ')}.`,
  )
}

function methodsOf(actor: object): string[] {
  const names: string[] = []
  for (let owner = actor; owner !== null && owner !== Object.prototype; owner = Object.getPrototypeOf(owner))
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner)))
      if (typeof value === 'function' && name !== 'constructor') names.push(name)
  return names
}
