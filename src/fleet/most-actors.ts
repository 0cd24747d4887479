interface Heap {
  getHeapStatistics?(): { readonly heap_size_limit: number }
}

interface Platform {
  readonly versions?: { readonly bun?: string }
  getBuiltinModule?(name: string): Heap | undefined
}

// One at work takes 2 KB: half of the heap is left to the application.
const BYTES = 4096

/** How many actors the heap of this process has room for; no limit where the platform does not say its size. */
export function mostActors(): number {
  // Not by import: browsers and workers have none.
  const { process } = globalThis as { process?: Platform }
  if (process?.versions?.bun !== undefined) return Infinity // which says a multiple of what it has used so far
  const limit = process?.getBuiltinModule?.('node:v8')?.getHeapStatistics?.().heap_size_limit
  return limit === undefined ? Infinity : Math.ceil(limit / BYTES)
}
