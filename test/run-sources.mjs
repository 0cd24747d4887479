// Lets Node run an example on the sources instead of the last build: 'nolater' is src/index.ts, 'nolater/x' is src/x/index.ts, or in a
// folder of src.
import { registerHooks } from 'node:module'

const src = new URL('../src/', import.meta.url)

const folders = { otel: 'telemetry/otel', summaries: 'telemetry/summaries', page: 'operating/page' }

registerHooks({
  resolve(specifier, context, nextResolve) {
    const entry = /^nolater(?:\/([\w-]+))?$/.exec(specifier)
    if (entry === null) return nextResolve(specifier, context)
    const folder = folders[entry[1]] ?? entry[1]
    return nextResolve(new URL(folder === undefined ? 'index.ts' : `${folder}/index.ts`, src).href, context)
  },
})
