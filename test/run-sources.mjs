// Lets Node run an example on the sources instead of the last build: 'nolater' is src/index.ts, 'nolater/x' is src/x/index.ts.
import { registerHooks } from 'node:module'

const src = new URL('../src/', import.meta.url)

registerHooks({
  resolve(specifier, context, nextResolve) {
    const entry = /^nolater(?:\/(\w+))?$/.exec(specifier)
    if (entry === null) return nextResolve(specifier, context)
    return nextResolve(
      new URL(entry[1] === undefined ? 'index.ts' : `${entry[1]}/index.ts`, src).href,
      context,
    )
  },
})
