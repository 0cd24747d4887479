// Adopts the kit in projects that have each Vitest that it supports: installed as users do, with no flag that overlooks a peer.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const vitests = ['3', '4', '5']

/** `npm` runs npm in a folder; `tarball` is the packed library. */
export async function adoptVitest(version, { here, scratch, npm, tarball }) {
  const folder = join(scratch, `vitest-${version}`)
  cpSync(join(here, `vitest-${version}`), folder, { recursive: true })
  await npm(['ci', '--no-audit', '--no-fund'], folder)
  await npm(['install', '--no-audit', '--no-fund', tarball], folder)
  const test = join(folder, 'kit.test.ts')
  cpSync(join(here, 'kit.ts'), test)

  const bin = (file, ...args) =>
    execFileSync(process.execPath, [join(folder, 'node_modules', file), ...args], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 120_000,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, CI: 'true', NO_COLOR: '1' },
    })
  const vitest = (...args) => bin('vitest/vitest.mjs', 'run', ...args)

  // Nothing is written in CI: what is only begun fails, and says what to draw.
  assert.throws(() => vitest(), /Draw it/)
  vitest('-u')
  const written = readFileSync(test, 'utf8')
  assert.match(written, /toMatchMarblesInlineSnapshot\(`\n.*title +writes/)
  assert.match(written, /toMatchMarblesInlineSnapshot\(`\n {4}\(a\|\)\n/)
  assert.match(written, /toMatchInlineSnapshot\(`\n/)
  vitest()
  assert.equal(readFileSync(test, 'utf8'), written)

  bin(
    'typescript/bin/tsc',
    ...[
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--target',
      'es2022',
      '--module',
      'nodenext',
      '--types',
      'node',
    ],
    'kit.test.ts',
  )
}
