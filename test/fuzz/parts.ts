/** A handler's turn, as the programme has it. */
interface Part {
  readonly act: string
  readonly end: string
}

/** What the handlers of each actor do, in the order in which the programme says it; what it does not say ends well. */
export interface Parts {
  expect(key: string, kind: 'run' | 'abandon', part: string): void
  next(key: string, kind: 'run' | 'abandon'): Part
  /** All that comes ends well. */
  calm(): void
}

export function openParts(): Parts {
  const parts = new Map<string, string[]>()
  return {
    expect(key, kind, part) {
      const name = `${key}.${kind}`
      parts.set(name, [...(parts.get(name) ?? []), part])
    },
    next(key, kind) {
      const text = parts.get(`${key}.${kind}`)?.shift()
      const [act = '', end = 'ok'] =
        text === undefined ? [] : text.includes('/') ? text.split('/') : ['', text]
      return { act, end }
    },
    calm: () => parts.clear(),
  }
}
