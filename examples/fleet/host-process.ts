import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { awaitProcess } from '../processes/await-process.ts'

const LIMIT = 120_000 // ms to come up, and to finish what it has in hand

/** One life of the host, seen from its parent. */
export interface HostProcess {
  /** SIGKILL: it has no last word. Resolves when it is gone. */
  kill(): Promise<void>
  /** Lets it finish what it has in hand. Resolves when it is gone. */
  finish(): Promise<void>
  /** Throws if it has ended by itself: then it is not what this run is about that has failed. */
  checkAlive(): void
}

/** Starts the host on the files in `path`; resolves when it delivers alarms. `taken`: lines of the script that its former lives took. */
export async function startHost(path: string, life: number, taken: number): Promise<HostProcess> {
  const file = fileURLToPath(new URL('./host.ts', import.meta.url))
  const child = fork(file, [path, String(life), String(taken)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const gone = once(child, 'exit')
  const leave = (): void => void child.kill('SIGKILL')
  process.prependListener('exit', leave) // before the files are removed under it
  let isExpected = false

  const end = async (how: () => void): Promise<void> => {
    isExpected = true
    how()
    await awaitProcess(child, 'its end', gone, LIMIT)
    process.off('exit', leave)
  }
  const checkAlive = (): void => {
    const how = child.exitCode ?? child.signalCode
    if (how !== null && !isExpected) throw new Error(`the host has ended by itself, with ${how}`)
  }

  await awaitProcess(child, 'that it delivers', once(child, 'message'), LIMIT)
  checkAlive()
  return {
    kill: () => end(() => child.kill('SIGKILL')),
    finish: () => end(() => child.send('finish')),
    checkAlive,
  }
}
