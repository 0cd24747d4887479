import { defineConfig } from 'tsup'

export default defineConfig({
  // test/build/check-build.mjs refuses a build that lacks what package.json promises.
  entry: {
    index: 'src/index.ts',
    'sqlite/index': 'src/sqlite/index.ts',
    'postgres/index': 'src/postgres/index.ts',
    'durable-object/index': 'src/durable-object/index.ts',
    'summaries/index': 'src/telemetry/summaries/index.ts',
    'otel/index': 'src/telemetry/otel/index.ts',
    'page/index': 'src/operating/page/index.ts',
    'marbles/index': 'src/marbles/index.ts',
    'vitest/index': 'src/vitest/index.ts',
    'command/main': 'src/operating/command/main.ts',
  },
  format: ['esm', 'cjs'],
  target: 'es2022',
  platform: 'node',
  dts: true,
  sourcemap: true,
  clean: true,
  // One AlarmError for all entries: `instanceof` must hold between 'nolater' and 'nolater/sqlite'.
  splitting: true,
  // There is no 'sqlite' without its prefix.
  removeNodeProtocol: false,
})
