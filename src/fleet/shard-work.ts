/** What is under way in each shard. */
export interface ShardWork {
  /** Something begins; the function that is returned ends it, once. */
  begin(shard: number): () => void
  /** Resolves when nothing is under way in it. */
  idle(shard: number): Promise<void>
}

export function shardWork(): ShardWork {
  const counts = new Map<number, number>()
  const waiting = new Map<number, (() => void)[]>()

  function end(shard: number): void {
    const left = (counts.get(shard) as number) - 1
    if (left > 0) {
      counts.set(shard, left)
      return
    }
    counts.delete(shard)
    const all = waiting.get(shard) ?? []
    waiting.delete(shard)
    for (const resolve of all) resolve()
  }

  return {
    begin(shard) {
      counts.set(shard, (counts.get(shard) ?? 0) + 1)
      let isOver = false
      return () => {
        if (isOver) return
        isOver = true
        end(shard)
      }
    },
    idle: (shard) =>
      new Promise((resolve) => {
        if (!counts.has(shard)) return resolve()
        const all = waiting.get(shard)
        if (all === undefined) waiting.set(shard, [resolve])
        else all.push(resolve)
      }),
  }
}
