import { readFileSync } from 'node:fs'
import { gate } from 'nolater'
import { BehaviorSubject, concatMap, first, type MonoTypeOperatorFunction, map, range } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { reportsOfFile } from '../reported.ts'
import { runNode } from '../run-node.ts'

const page = readFileSync('docs/operators.md', 'utf8')
const files = [...page.matchAll(/<!-- (?:part of )?(examples\/operators\/\S+) -->/g)].map(
  ([, file = '']) => file,
)

// Where the stack overflows is chance: now and then it is where RxJS can still report it.
const reports = reportsOfFile()

describe('docs/operators.md', () => {
  it('has a section, a picture and an example for each', () => {
    const sections = page.split('\n## ').slice(1)
    const names = sections.map((section) => /^`(\w+)`/.exec(section)?.[1])
    expect(names).toEqual(['classifyMoves', 'gate', 'latestWhen', 'conflateMap'])
    for (const section of sections) expect(section).toMatch(/```\n[\s\S]*```ts\n/)
    expect(files).toHaveLength(4)
  })

  // `test/docs/doc-marbles.test.ts` runs the picture in the operator's own comment.
  it.each(files)('draws what the comment of the operator in %s draws', (file) => {
    const source = readFileSync(file.replace('examples/', 'src/'), 'utf8')
    const blocks = page.split(/^```/m).filter((_, place) => place % 2 === 1)
    const pictures = blocks.filter((block) => block.startsWith('\n'))
    const drawn = pictures.filter((picture) => source.includes(picture.trim().replace(/^/gm, ' * ')))
    expect(drawn).toHaveLength(1)
  })

  it.each(files)('%s prints what it says', (file) => {
    const comments = [...readFileSync(file, 'utf8').matchAll(/\) \/\/ (.+)$/gm)]
    const said = comments.flatMap(([, line = '']) => line.split(', '))
    expect(said.length).toBeGreaterThan(1)
    expect(runNode([file]).trim().split('\n').sort()).toEqual(said.sort())
  })

  it('says what becomes of many values behind concatMap: most are lost, mostly without an error', async () => {
    const leaving = (hold: (open$: BehaviorSubject<boolean>) => MonoTypeOperatorFunction<number>) => {
      const open$ = new BehaviorSubject(false)
      let left = 0
      range(20_000)
        .pipe(hold(open$))
        .subscribe(() => left++)
      open$.next(true)
      return left
    }
    const behindConcatMap = leaving((open$) =>
      concatMap((value) =>
        open$.pipe(
          first(Boolean),
          map(() => value),
        ),
      ),
    )
    for (const report of await reports()) expect(report).toBe('Maximum call stack size exceeded')
    expect(behindConcatMap).toBeLessThan(10_000)
    expect(leaving((open$) => gate(open$))).toBe(20_000)
  })
})
