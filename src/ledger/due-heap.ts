/** Something that is due at a time; among equals the lower order goes first. */
export interface Due {
  due: number
  readonly order: number
  /** where it is in the heap, -1 for nowhere */
  place: number
}

/** A binary heap of what is due, the earliest on top; what changes is moved, so it never holds more than there is. */
export class DueHeap<T extends Due> {
  private readonly items: T[] = []

  get top(): T | undefined {
    return this.items[0]
  }

  /** Puts an item where its due time belongs, whether it is new or was in the heap. */
  put(item: T): void {
    if (item.place === -1) item.place = this.items.push(item) - 1
    this.rise(item)
    this.sink(item)
  }

  remove(item: T): void {
    const { place } = item
    if (place === -1) return
    item.place = -1
    const last = this.items.pop()!
    if (last === item) return
    last.place = place
    this.items[place] = last
    this.rise(last)
    this.sink(last)
  }

  private rise(item: T): void {
    for (let above = (item.place - 1) >> 1; item.place > 0; above = (item.place - 1) >> 1) {
      const parent = this.items[above]!
      if (!isBefore(item, parent)) return
      this.swap(parent, item)
    }
  }

  private sink(item: T): void {
    for (;;) {
      const left = this.items[2 * item.place + 1]
      const right = this.items[2 * item.place + 2]
      const child = right !== undefined && isBefore(right, left!) ? right : left
      if (child === undefined || !isBefore(child, item)) return
      this.swap(item, child)
    }
  }

  private swap(upper: T, lower: T): void {
    const { place } = upper
    upper.place = lower.place
    lower.place = place
    this.items[lower.place] = lower
    this.items[upper.place] = upper
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order)
}
