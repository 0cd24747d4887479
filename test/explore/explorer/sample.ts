/** A few thousand of any number of items, evenly taken. */
export interface Sample<T> {
  readonly all: readonly T[]
  add(item: T): void
}

const MOST = 20_000

export function openSample<T>(): Sample<T> {
  let all: T[] = []
  let every = 1
  let seen = 0

  return {
    get all() {
      return all
    },
    add(item) {
      if (seen++ % every !== 0) return
      all.push(item)
      if (all.length < MOST) return
      all = all.filter((_, i) => i % 2 === 0)
      every *= 2
    },
  }
}
