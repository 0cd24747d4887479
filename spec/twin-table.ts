import type { Rejected } from './reject-twin.ts'
import { twins, withoutTwin } from './twins.ts'

/** Each broken engine, and what rejects its twin, or why it has none. */
export function twinTable(rejected: ReadonlyMap<string, Rejected | null>): string {
  const rows = twins.map(({ name, isOwn }) => {
    const answer = rejected.get(name)
    return `| ${name}${isOwn ? ' (no engine has it)' : ''} | ${answer?.by} | ${answer?.states.toLocaleString('en')} |`
  })
  const without = Object.entries(withoutTwin).map(([name, why]) => `| ${name} | no twin: ${why} | |`)
  return `# Broken engines, and their twins in the specification

Each engine of \`test/explore/mutants.ts\` that is broken on purpose, with the same fault put into the specification by \`twins.ts\`; what rejects it, and
how many states were looked at until then. Written by \`npm run spec -- --twins --write\`.

| broken on purpose | rejected by | states |
|---|---|---:|
${[...rows, ...without].join('\n')}
`
}
