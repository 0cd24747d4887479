import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'

interface Pack {
  readonly files: readonly { readonly path: string }[]
}

const [pack] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 60_000,
  }),
) as [Pack]
const packed = new Set(pack.files.map(({ path }) => path))
const folders = new Set(
  [...packed].flatMap((path) => [posix.dirname(path), posix.dirname(posix.dirname(path))]),
)
const texts = [...packed].filter((path) => path.endsWith('.md'))

/** What a heading is linked by. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')

const prose = (path: string): string => readFileSync(path, 'utf8').replace(/^```.*?^```/gms, '')
const anchorsOf = (path: string): string[] =>
  [...prose(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading))

describe('what npm packs', () => {
  it('has the guides', () => {
    expect(texts).toEqual(expect.arrayContaining(['README.md', 'docs/README.md', 'marbles/README.md']))
  })

  it.each(texts)('%s links to what is packed with it', (path) => {
    const links = [...prose(path).matchAll(/\]\((?!\w+:)([^)\s]*)\)/g)].map(([, link = '']) => link)
    const broken = links.filter((link) => {
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? path : posix.join(posix.dirname(path), file)
      if (!packed.has(target) && !folders.has(posix.normalize(target).replace(/\/$/, ''))) return true
      return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(anchor)
    })
    expect(broken).toEqual([])
  })
})
