import { execFileSync } from 'node:child_process'

/** Runs an example as a process, on the sources; the lines that it prints. */
export function runExample(file: string, ...args: string[]): string[] {
  return execFileSync(process.execPath, ['--import', './test/run-sources.mjs', `examples/${file}`, ...args], {
    encoding: 'utf8',
  })
    .trim()
    .split('\n')
}
