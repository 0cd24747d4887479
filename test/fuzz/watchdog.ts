import { Worker } from 'node:worker_threads'

const ROOM = 100_000

// A thread of its own: a programme that spins inside of one call lets nothing else run. It writes by itself, since this thread cannot.
const source = `
  const { workerData } = require('node:worker_threads')
  const { writeSync } = require('node:fs')
  const turns = new Int32Array(workerData.shared, 0, 2)
  let seen = -1
  setInterval(() => {
    const turn = Atomics.load(turns, 0)
    if (turn !== seen) return void (seen = turn)
    const line = Buffer.from(new Uint8Array(workerData.shared, 8, Atomics.load(turns, 1))).toString()
    writeSync(1, 'it spins: no step ends\\n  npm run fuzz -- --replay "' + line + '"\\n')
    process.kill(process.pid, 'SIGKILL')
  }, workerData.limit)
`

/** Ends the process, and prints the programme, when one programme takes longer than `limit` ms. */
export function watchdog(limit: number): { watch(line: string): void; stop(): void } {
  const shared = new SharedArrayBuffer(8 + ROOM)
  const turns = new Int32Array(shared, 0, 2)
  const text = new Uint8Array(shared, 8)
  const worker = new Worker(source, { eval: true, workerData: { shared, limit } })
  worker.unref()
  return {
    watch(line) {
      const bytes = Buffer.from(line).subarray(0, ROOM)
      text.set(bytes)
      Atomics.store(turns, 1, bytes.length)
      Atomics.add(turns, 0, 1)
    },
    stop: () => void worker.terminate(),
  }
}
