import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildPage } from './build-page.ts'

// node examples/live/build.ts [file]: the page as one file, which opens from a disk too.
const file = resolve(process.argv[2] ?? fileURLToPath(new URL('dist/index.html', import.meta.url)))
const { html } = await buildPage()
mkdirSync(dirname(file), { recursive: true })
writeFileSync(file, html)
console.log(`${file} (${Math.round(html.length / 1024)} KB)`)
