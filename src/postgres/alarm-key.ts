import { createHash } from 'node:crypto'

/**
 * What a row goes by: the hash of its key, in hex.
 *
 * A key can be longer than what an index of Postgres takes.
 */
export function idOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

/** A key as a text of Postgres, which cannot hold U+0000. */
export function toText(key: string): string {
  return key.replaceAll('\\', '\\\\').replaceAll('\0', '\\0')
}

export function fromText(text: string): string {
  return text.replace(/\\(.)/gs, (_, escaped) => (escaped === '0' ? '\0' : escaped))
}
