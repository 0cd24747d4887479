import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const src = fileURLToPath(new URL('./src', import.meta.url))

export default defineConfig({
  resolve: {
    // Tests import what users import, and get the sources rather than the last build.
    alias: [
      { find: /^nolater$/, replacement: `${src}/index.ts` },
      { find: /^nolater\/(otel|summaries)$/, replacement: `${src}/telemetry/$1/index.ts` },
      { find: /^nolater\/page$/, replacement: `${src}/operating/page/index.ts` },
      { find: /^nolater\/(\w+)$/, replacement: `${src}/$1/index.ts` },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: './test/leftovers/setup.ts',
    setupFiles: './test/leftovers/loading-limit.ts',
    environment: 'node',
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // A test without an assertion passes for nothing: `expectObservable(x)` without `toBe` is one.
    expect: { requireAssertions: true },
    // Virtual time takes no time. This is enough on a machine that others keep busy; what needs longer says so itself.
    testTimeout: 60_000,
    hookTimeout: 30_000,
    restoreMocks: true,
  },
})
