import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const src = fileURLToPath(new URL('./src', import.meta.url))
export const resolve = {
  // Tests import what users import, and get the sources rather than the last build.
  alias: [
    { find: /^nolater$/, replacement: `${src}/index.ts` },
    { find: /^nolater\/(otel|summaries)$/, replacement: `${src}/telemetry/$1/index.ts` },
    { find: /^nolater\/page$/, replacement: `${src}/operating/page/index.ts` },
    { find: /^nolater\/([\w-]+)$/, replacement: `${src}/$1/index.ts` },
  ],
}

// A thread starts in half the time of a process. What starts programmes or servers, or has to be killed alone, is in processes.
const inThreads =
  'test/{actor,docs,fleet,ledger,lifecycles,marbles,operators,telemetry,timers,vocabulary}/**/*.test.ts'

export const tests = {
  setupFiles: './test/leftovers/loading-limit.ts',
  environment: 'node',
  // A test without an assertion passes for nothing: `expectObservable(x)` without `toBe` is one.
  expect: { requireAssertions: true },
  // Virtual time takes no time. This is enough on a machine that others keep busy; what needs longer says so itself.
  testTimeout: 60_000,
  hookTimeout: 30_000,
  restoreMocks: true,
} as const

export default defineConfig({
  test: {
    globalSetup: './test/leftovers/setup.ts',
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      { resolve, test: { ...tests, name: 'threads', pool: 'threads', include: [inThreads] } },
      {
        resolve,
        test: { ...tests, name: 'processes', include: ['test/**/*.test.ts'], exclude: [inThreads] },
      },
    ],
  },
})
