/** How values are compared and printed; a matcher's own `this`. */
export interface Eyes {
  readonly equals: (a: unknown, b: unknown, testers?: never) => boolean
  readonly customTesters: readonly unknown[]
  readonly utils: {
    stringify(value: unknown, depth?: number, options?: object): string
    readonly iterableEquality: unknown
  }
}

/**
 * Whether a value is the one that a diagram means: as `toEqual` compares, the project's own equality testers first.
 *
 * Where `toEqual` sees nothing and so takes any two for equal, this looks closer: at the bytes of a buffer, at the class of what has no
 * keys and what it says of itself (`toJSON`, `valueOf`, `toString`). What shows nothing at all, such as a promise or an iterator, which
 * cannot be looked at without using it up, is equal to itself only.
 */
export function isSame(seen: unknown, wanted: unknown, eyes: Eyes): boolean {
  const { equals, customTesters, utils } = eyes
  const testers = [
    ...customTesters,
    (a: unknown, b: unknown) => compareHidden(a, b, eyes),
    utils.iterableEquality,
  ]
  return equals(seen, wanted, testers as never)
}

/** An equality tester: `undefined` leaves it to those after it. */
function compareHidden(a: unknown, b: unknown, eyes: Eyes): boolean | undefined {
  if (!isObject(a) || !isObject(b)) return undefined
  const [left, right] = [bytesOf(a), bytesOf(b)]
  if (left !== null && right !== null)
    return tagOf(a) === tagOf(b) && left.length === right.length && left.every((byte, i) => byte === right[i])
  if (!hides(a) && !hides(b)) return undefined
  if (a === b) return true
  if (isIterator(a) || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  const [one, other] = [primitivesOf(a), primitivesOf(b)]
  if (one.length === 0 && other.length === 0) return isOfUser(a)
  return isSame(one, other, eyes)
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
// Symbol.toStringTag and not instanceof: values come from other realms, too.
const tagOf = (value: object): string => Object.prototype.toString.call(value)

function bytesOf(value: object): Uint8Array | null {
  const tag = tagOf(value)
  if (tag === '[object ArrayBuffer]' || tag === '[object SharedArrayBuffer]')
    return new Uint8Array(value as ArrayBuffer)
  if (tag !== '[object DataView]') return null
  const { buffer, byteOffset, byteLength } = value as DataView
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** What is iterated once: looking at it would leave nothing of it. */
export const isIterator = (value: object): boolean =>
  'next' in value &&
  typeof value.next === 'function' &&
  (Symbol.iterator in value || Symbol.asyncIterator in value)

/** Whether there are no keys to compare, and nothing that `toEqual` has a comparison of its own for. */
function hides(value: object): boolean {
  if (isIterator(value)) return true
  if (Symbol.iterator in value || isPlain(value) || compared.test(tagOf(value))) return false
  if (value instanceof Error || value instanceof URL || 'isEqualNode' in value) return false
  return !hasKeys(value)
}

const compared =
  /^\[object (?:Array|Arguments|Boolean|Number|String|Date|RegExp|Error|Exception|DOMException)\]$/

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

export const hasKeys = (value: object): boolean =>
  Reflect.ownKeys(value).some((key) => Object.prototype.propertyIsEnumerable.call(value, key))

/** An instance without fields is an event of its class; what the platform makes is a container that stays shut. */
const isOfUser = (value: object): boolean =>
  tagOf(value) === '[object Object]' && !/\{\s*\[native code\]\s*\}$/.test(String(value.constructor))

/** What its class lets an instance say of itself; a method that throws says nothing. */
function primitivesOf(value: object): unknown[] {
  return (['toJSON', 'valueOf', 'toString'] as const).flatMap((name) => {
    const method: unknown = Reflect.get(value, name)
    if (typeof method !== 'function' || isInherited(value, name)) return []
    try {
      const primitive: unknown = method.call(value)
      return primitive === value ? [] : [primitive]
    } catch {
      return []
    }
  })
}

/** Whether it is what every object has. */
function isInherited(value: object, name: string): boolean {
  let owner: object | null = value
  while (owner !== null && !Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner)
  return owner !== null && Object.getPrototypeOf(owner) === null
}
