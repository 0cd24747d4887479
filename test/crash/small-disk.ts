import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** A file system of its own for the files of a run, so small that it can be filled. */
export interface SmallDisk {
  readonly path: string
  /** Fills it to the last byte. What it returns makes room again. */
  fill(): () => void
  unmount(): void
}

const CHUNK = Buffer.alloc(1 << 20)

/** Mounts it inside `place`; `null` where that is not allowed, as it is not to most users. */
export function mountSmallDisk(place: string, megabytes: number): SmallDisk | null {
  const path = join(place, 'disk')
  const ballast = join(path, 'ballast')
  mkdirSync(path)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path], { stdio: 'ignore' })
  } catch {
    return null
  }
  return {
    path,
    fill() {
      const fd = openSync(ballast, 'w')
      for (let size = CHUNK.length; size >= 512; ) {
        try {
          if (writeSync(fd, CHUNK, 0, size) < size) size = size >> 1
        } catch (error) {
          if ((error as { code?: string }).code !== 'ENOSPC') throw error
          size = size >> 1
        }
      }
      closeSync(fd)
      return () => rmSync(ballast, { force: true })
    },
    unmount: () => void execFileSync('umount', ['-l', path], { stdio: 'ignore' }),
  }
}
