/** A field of a value of the user's, `undefined` where reading it throws: a getter, a Proxy, one that was revoked. */
export function fieldOf(value: unknown, name: string): unknown {
  try {
    return (value as Record<string, unknown> | null | undefined)?.[name]
  } catch {
    return undefined
  }
}
