import type { IncomingMessage } from 'node:http'

const MOST = 16 * 1024

/** The text of a body; `null` for one that is too large, as soon as it is, or that has no end. */
export function readBody(request: IncomingMessage): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= MOST) chunks.push(chunk)
      else resolve(null) // the rest is read and kept nowhere: the answer would be lost in a connection that is cut
    })
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
    request.on('error', reject)
    request.on('close', () => resolve(null))
  })
}
