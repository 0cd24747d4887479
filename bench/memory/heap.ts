/** Bytes that are used once all garbage is collected. The process needs `--expose-gc`. */
export function heap(): number {
  globalThis.gc!()
  globalThis.gc!()
  return process.memoryUsage().heapUsed
}
