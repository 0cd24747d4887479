/** Events that were lost between two moments of the clock, ms. */
interface Gap {
  readonly at: number
  readonly until: number
  readonly lost: number
}

/** Events that are not written yet. What they take is bounded: what does not fit is lost, and that is known. */
export interface PendingEvents {
  /** the texts of each actor, in order */
  readonly of: ReadonlyMap<string, readonly string[]>
  /** what was lost after those */
  readonly gap: Gap | null
  /** how many there are, lost ones included */
  readonly size: number
  /** whether one more of that length fits */
  hasRoom(length: number): boolean
  add(key: string, at: number, text: string): void
  /** All of it is written. */
  clear(): void
}

const MOST = 4 * 1024 * 1024 // letters
const ENTRY = 100 // what an actor takes, beside its key

/** Of each actor those are kept that the file would keep: the last `keep`. */
export function pendingEvents(keep: number): PendingEvents {
  const of = new Map<string, string[]>()
  let taken = 0
  let gap: Gap | null = null

  function keepLast(texts: string[]): void {
    for (const { length } of texts.splice(0, texts.length - keep)) taken -= length
  }

  const pending = {
    of,
    get gap() {
      return gap
    },
    get size() {
      return [...of.values()].reduce((sum, texts) => sum + texts.length, gap?.lost ?? 0)
    },
    // After the first that was lost none is taken, so that the gap is at the end.
    hasRoom: (length: number) => gap === null && taken + length <= MOST,
    add(key: string, at: number, text: string): void {
      if (!pending.hasRoom(text.length)) {
        gap = { at: gap?.at ?? at, until: at, lost: (gap?.lost ?? 0) + 1 }
        return
      }
      const texts = of.get(key)
      taken += text.length
      if (texts === undefined) {
        taken += key.length + ENTRY
        of.set(key, [text])
      } else if (texts.push(text) >= 2 * keep) keepLast(texts)
    },
    clear(): void {
      of.clear()
      taken = 0
      gap = null
    },
  }
  return pending
}
