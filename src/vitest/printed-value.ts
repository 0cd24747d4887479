import { hasKeys, isIterator } from './same-value.ts'

interface Printer {
  stringify(value: unknown, depth?: number, options?: object): string
}

/**
 * A value on one line, with the entries of what is iterated and has no keys: all Headers would be `Headers {}`, and a snapshot of them
 * would hold for any other.
 */
export const printed = (value: unknown, { stringify }: Printer): string =>
  stringify(value, undefined, { min: true, plugins: [asymmetric, entries] }).replaceAll('\n', ' ')

type Print = (value: unknown, ...rest: unknown[]) => string

const entries = {
  test: (value: unknown): boolean =>
    typeof value === 'object' &&
    value !== null &&
    Symbol.iterator in value &&
    !known.test(Object.prototype.toString.call(value)) &&
    !ArrayBuffer.isView(value) &&
    !isIterator(value) &&
    !hasKeys(value),
  serialize(value: Iterable<unknown>, ...rest: unknown[]): string {
    const print = rest.pop() as Print
    return `${value.constructor?.name ?? 'Object'} ${print([...value], ...rest)}`
  },
}

const known = /^\[object (?:Array|Arguments|Map|Set|String)\]$/

/** Plugins of one's own put that of asymmetric matchers out of use. */
const asymmetric = {
  test: (value: unknown): boolean =>
    (value as { $$typeof?: unknown } | null | undefined)?.$$typeof === Symbol.for('jest.asymmetricMatcher'),
  serialize(value: { sample?: unknown; toAsymmetricMatcher?(): string }, ...rest: unknown[]): string {
    const print = rest.pop() as Print
    const name = String(value)
    return /^(?:Array|Object|String)(?:Not)?(?:Containing|Matching)$/.test(name)
      ? `${name} ${print(value.sample, ...rest)}`
      : (value.toAsymmetricMatcher?.() ?? name)
  },
}
