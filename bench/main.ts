import { describeMachine } from './machine.ts'
import { keep } from './results.ts'

const QUICK = '--quick'
const isQuick = process.argv.includes(QUICK)

const parts: Record<string, () => Promise<unknown>> = {
  engine: async () => (await import('./engine/engine.ts')).engine(),
  before: async () => (await import('./before/before.ts')).before(),
  deliveries: async () => (await import('./deliveries/deliveries.ts')).deliveries(),
  curves: async () => (await import('./curves/curves.ts')).curves(),
  memory: async () => (await import('./memory/memory.ts')).memory(),
  pressure: async () => (await import('./pressure/pressure.ts')).pressure(),
  steady: async () => (await import('./steady/steady.ts')).steady(isQuick),
  durable: async () => (await import('./durable/durable.ts')).durable(),
  manager: async () => (await import('./manager/manager.ts')).manager(isQuick),
  timers: async () => (await import('./timers/timers.ts')).timers(),
  postgres: async () => (await import('./postgres/postgres.ts')).postgres(isQuick),
  size: async () => (await import('./size/size.ts')).size(),
}

const asked = process.argv.slice(2).filter((part) => part !== QUICK)
const unknown = asked.filter((part) => !Object.hasOwn(parts, part))
if (unknown.length > 0) {
  console.error(
    `There is no part ${unknown.join(', ')}. The parts are: ${Object.keys(parts).join(', ')}; none named means all.`,
  )
  process.exit(2)
}

const { cpu, cores, memory, system, node } = describeMachine()
console.log(`${cpu}, ${cores} cores, ${memory}, ${system}, Node ${node}`)
for (const part of asked.length > 0 ? asked : Object.keys(parts)) {
  console.log(`\n## ${part}`)
  const measured = await parts[part]!()
  if (!isQuick) keep(part, measured)
}
