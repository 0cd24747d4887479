import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, it } from 'vitest'

/** All that a file brings along when it runs: what it imports but for types, and what that imports. */
function broughtBy(files: readonly string[]): string[] {
  const found = new Set<string>()
  const look = (file: string): void => {
    if (found.has(file)) return
    found.add(file)
    if (!file.startsWith('src/')) return
    for (const [, names = '', path = ''] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|export) (?!type )([^'"]*?from )?'([^']+)'/gm,
    )) {
      const isTypes = /^\{[^}]*\} from $/s.test(names) && !/[{,]\s*(?!type )\w/.test(names)
      if (!isTypes) look(path.startsWith('.') ? normalize(join(dirname(file), path)) : path)
    }
  }
  for (const file of files) look(`src/timers/${file}`)
  return [...found].sort()
}

const RULES = [
  'timer-rules.ts',
  'timer-queue.ts',
  'timer-rows.ts',
  'listed-timer.ts',
  'series/series-rules.ts',
  'series/series-times.ts',
  'series/check-plan.ts',
  'series/cron-reader.ts',
  'timer-verbs.ts',
]

it('has rules that run without RxJS and without the engine, for a platform that has its own', () => {
  const brought = broughtBy(RULES)
  expect(brought.filter((file) => !/^src\/(?:timers|vocabulary)\//.test(file))).toEqual([
    'src/ledger/kept-error.ts',
    'src/ledger/redelivery.ts',
  ])
  expect(brought).toContain('src/timers/series/wall-clock.ts')
  expect(broughtBy(['named-timers.ts'])).toContain('rxjs') // and it would be found
})
