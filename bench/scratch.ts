import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Makes a folder on the disk of this project: the system's temporary directory is often none. */
export function makeScratch(name: string): string {
  const cache = fileURLToPath(new URL('node_modules/.cache/', import.meta.url))
  mkdirSync(cache, { recursive: true })
  const path = mkdtempSync(`${cache}${name}-`)
  chmodSync(path, 0o755) // PostgreSQL runs as somebody else where we are root
  return path
}
