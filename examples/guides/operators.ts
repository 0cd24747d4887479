import { memoryManager } from 'nolater'

const manager = memoryManager()

await manager.pause({ prefix: 'user/' })
const { counts, oldest, paused, deliverers } = await manager.stats()
console.log(`${counts.due} due, the first for ${oldest?.overdue ?? 0} ms`)
console.log(`${paused.length} pause, ${deliverers.length} deliver`)
for await (const { key, lastError } of manager.list({ state: 'failed' })) console.log(key, lastError?.message)
await manager.resume()
await manager.drain() // takes nothing more, and resolves when the handlers at work have answered
