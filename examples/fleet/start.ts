import { build } from 'tsup'
import { endWithParent } from './end-with-parent.ts'

// One process from the build to the end of the run, the only child of the shell that npm starts.
endWithParent()
console.log('Building the library, which takes a while...')
await build({ silent: true })
await import('./main.ts')
