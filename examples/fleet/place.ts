import { closeSync, fsyncSync, mkdtempSync, openSync, statfsSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MEMORY = '/dev/shm'
const ENOUGH = 1 << 30

/** A folder of its own for the files of a run. */
export interface Place {
  readonly path: string
  /** ms for one durable write */
  readonly fsync: number
}

/**
 * Makes the folder: in memory where the system has a file system there, because a thousand actors that open and commit with an fsync
 * each would mostly measure the disk. What dies by SIGKILL is a process, and files outlive that in memory too; a power cut is not
 * what this run is about. Set TMPDIR to have the files where you like.
 */
export function makePlace(wantsMemory = process.env.TMPDIR === undefined): Place {
  const inMemory = wantsMemory && hasRoom(MEMORY)
  // A run of the tests finds what it has left by the number in its name.
  const name = `nolater-fleet-${process.env.NOLATER_RUN ?? ''}-`
  const path = mkdtempSync(join(inMemory ? MEMORY : tmpdir(), name))
  return { path, fsync: measureFsync(join(path, 'probe')) }
}

function hasRoom(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(path)
    return bavail * bsize > ENOUGH
  } catch {
    return false // there is none
  }
}

function measureFsync(file: string): number {
  const fd = openSync(file, 'w')
  const before = performance.now()
  const times = 10
  for (let i = 0; i < times; i++) {
    writeSync(fd, Buffer.alloc(4096))
    fsyncSync(fd)
  }
  closeSync(fd)
  return (performance.now() - before) / times
}
