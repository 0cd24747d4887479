import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const guide = readFileSync('docs/choosing-a-manager.md', 'utf8')
const rows = [...guide.matchAll(/^\| \w+ \| (.+) \| (.+) \| \[(\S+\.md)\]\(.+\) \|$/gm)].map(
  ([, what, figure, page]) => ({
    what: what!,
    figure: figure!,
    page: page!,
  }),
)

describe('the figures of docs/choosing-a-manager.md', () => {
  it('are a few', () => {
    expect(rows.length).toBeGreaterThan(6)
  })

  it.each(rows)('$what: $figure, as $page says', ({ figure, page }) => {
    const text = readFileSync(`docs/${page}`, 'utf8').replace(/\s+/g, ' ')
    // A table has the unit in its head.
    expect(text).toContain(figure.replace(/ ns$/, ''))
  })
})
