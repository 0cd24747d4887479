import { type Fault, pick } from './fault.ts'

/** Two processes open the same actor, in turn and again: each opening supersedes the one before. */
export const ownerChange: Fault = {
  name: 'owner change',
  bite: /ALARM_FENCED/,
  begin({ hosts, plan, chance }) {
    if (hosts.length < 2) return null
    for (let i = 0; i < 3; i++) {
      const key = pick(chance, plan.actors)
      for (const host of [...hosts, ...hosts]) host.send(`take ${key}`)
    }
    return () => {}
  },
}
