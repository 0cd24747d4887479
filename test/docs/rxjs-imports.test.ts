import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const page = readFileSync('docs/rxjs-9.md', 'utf8')
const core = globSync('src/{vocabulary,operators,actor,fleet,timers}/*.ts')

/** The values, not the types, that a file imports from RxJS. */
function valuesOf(file: string): string[] {
  const imports = readFileSync(file, 'utf8').matchAll(/^import \{([^}]*)\} from 'rxjs'/gm)
  return [...imports]
    .flatMap(([, names = '']) => names.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type '))
}

describe('what docs/rxjs-9.md says of the core', () => {
  it('the files that it calls free of RxJS are', () => {
    const [, table = ''] = page.split('## What does not depend on RxJS')
    const free = table.split('\n## ')[0]!.match(/src\/[\w/-]+\.ts/g) ?? []
    expect(free.length).toBeGreaterThan(5)
    for (const file of free) expect(readFileSync(file, 'utf8'), file).not.toMatch(/from 'rxjs/)
  })

  it('the names that it uses are those listed', () => {
    const used = [...new Set(core.flatMap(valuesOf))].sort((a, b) => a.localeCompare(b))
    const [, listed = ''] = /<!-- rxjs-names -->\n(.*)\n/.exec(page) ?? []
    expect([...listed.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(used)
  })
})
