import { execFileSync } from 'node:child_process'

/** Runs an example as a process, on the sources; the lines that it prints. */
export function runExample(file: string): string[] {
  const args = ['--import', './test/run-sources.mjs', `examples/${file}`]
  return execFileSync(process.execPath, args, { encoding: 'utf8' }).trim().split('\n')
}
