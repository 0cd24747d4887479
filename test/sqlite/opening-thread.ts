import { parentPort, workerData } from 'node:worker_threads'
import { memoryManager } from '../../src/ledger/memory-manager.ts'
import { sqliteManager, sqliteStore, sqliteStores } from '../../src/sqlite/index.ts'

// A thread that opens each file it is sent at the moment at which all of them have it, and answers how that went.
const { shared, count } = workerData as { shared: Int32Array; count: number }
const open = {
  manager: (file: string) => sqliteManager({ file }),
  stores: (file: string) => sqliteStores({ file, manager: memoryManager() }),
  store: (file: string) => sqliteStore({ file, key: 'a', manager: memoryManager() }),
}

parentPort!.on('message', ({ file, kind }: { file: string; kind: keyof typeof open }) => {
  const round = Math.floor(Atomics.add(shared, 0, 1) / count)
  for (let spins = 0; Atomics.load(shared, 0) < (round + 1) * count && spins < 1e8; spins++);
  let outcome = 'opened'
  try {
    open[kind](file).close()
  } catch (error) {
    outcome = String(error)
  }
  parentPort!.postMessage(outcome)
})
parentPort!.postMessage('ready')
