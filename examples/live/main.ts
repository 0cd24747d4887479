import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { buildPage } from './build-page.ts'
import { servePage } from './server.ts'

// npm run playground [-- --port 4321]
const { values } = parseArgs({ options: { port: { type: 'string', default: '4321' } } })
const port = Number(values.port)
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  throw new Error(
    `--port must be a whole number from 0 (any that is free) to 65535; given ${JSON.stringify(values.port)}`,
  )
}
const server = await servePage(await buildPage(), port).catch((error: NodeJS.ErrnoException) => {
  if (error.code !== 'EADDRINUSE') throw error
  console.error(`Port ${port} is taken. Choose another one, or any: npm run playground -- --port 0`)
  process.exit(1)
})
console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/   (Ctrl+C ends it)`)
