import { keyWords } from './key.ts'

/** The states already seen, each with where it was first reached from and by which move. */
export interface Seen {
  readonly size: number
  /** the number of the state with this key, negative (`~number`) if it was seen before */
  add(key: Uint32Array, from: number, move: string): number
  /** the moves that first led to a state */
  scheduleTo(state: number): string[]
}

/** A hash table of exact keys in flat arrays: tens of millions of states fit into a process. */
export function openSeen(): Seen {
  const words: string[] = []
  const wordNumbers = new Map<string, number>()
  let size = 0
  let room = 1 << 14
  let keys = new Uint32Array(room * keyWords)
  let origins = new Int32Array(room)
  let moves = new Uint8Array(room)
  let slots = new Int32Array(room * 2) // 0: free, otherwise the number of a state and one

  function slotOf(key: Uint32Array, at: number): number {
    let hash = 0x811c9dc5
    for (let i = 0; i < keyWords; i++) {
      hash = Math.imul(hash ^ key[at + i]!, 0x9e3779b1)
      hash ^= hash >>> 15
    }
    const mask = slots.length - 1
    let slot = hash & mask
    while (slots[slot] !== 0 && !isAt((slots[slot]! - 1) * keyWords, key, at)) slot = (slot + 1) & mask
    return slot
  }

  function isAt(place: number, key: Uint32Array, at: number): boolean {
    for (let i = 0; i < keyWords; i++) if (keys[place + i] !== key[at + i]) return false
    return true
  }

  function grow(): void {
    room *= 2
    const wider = new Uint32Array(room * keyWords)
    wider.set(keys)
    keys = wider
    const further = new Int32Array(room)
    further.set(origins)
    origins = further
    const more = new Uint8Array(room)
    more.set(moves)
    moves = more
    slots = new Int32Array(room * 2)
    for (let state = 0; state < size; state++) slots[slotOf(keys, state * keyWords)] = state + 1
  }

  function numberOf(move: string): number {
    let number = wordNumbers.get(move)
    if (number === undefined) {
      number = words.push(move) - 1
      wordNumbers.set(move, number)
    }
    return number
  }

  return {
    get size() {
      return size
    },
    add(key, from, move) {
      if (size === room) grow()
      const slot = slotOf(key, 0)
      if (slots[slot] !== 0) return ~(slots[slot]! - 1)
      keys.set(key, size * keyWords)
      origins[size] = from
      moves[size] = numberOf(move)
      slots[slot] = ++size
      return size - 1
    },
    scheduleTo(state) {
      const schedule: string[] = []
      for (let at = state; at >= 0; at = origins[at]!) schedule.push(words[moves[at]!]!)
      return schedule.reverse()
    },
  }
}
