import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { memoryManager } from 'nolater'
import { describe, expect, it } from 'vitest'
import { embedded, embeddedFile } from './embed-browser.ts'
import { serve } from './serve.ts'

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

describe('what the browser runs', () => {
  it('is what its sources give: npm run page', async () => {
    expect(readFileSync(embeddedFile, 'utf8')).toBe(await embedded())
  })

  it('is the page’s own script and style, and nothing else', async () => {
    const { ask } = await serve(memoryManager())
    const { headers, body } = await ask('/')
    const policy = String(headers['content-security-policy'])
    const scripts = [...body.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map(([, text]) => hashOf(text!))
    const styles = [...body.matchAll(/<style[^>]*>([\s\S]*?)<\/style>/g)].map(([, text]) => hashOf(text!))
    expect(policy).toContain(`script-src ${scripts.join()};`)
    expect(policy).toContain(`style-src ${styles.join()};`)
    expect(body).not.toMatch(/<!-- (?:style|script) -->/)
  })

  it('asks nothing of anywhere else', async () => {
    const { ask } = await serve(memoryManager())
    const { body } = await ask('/')
    expect(body.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|\bsrc=|@import|url\(/)
  })

  it('puts text in as text', () => {
    const files = globSync('src/operating/page/browser/*.ts')
    expect(files.length).toBeGreaterThan(10)
    for (const file of files) {
      expect([file, readFileSync(file, 'utf8')]).not.toEqual([
        file,
        expect.stringMatching(
          /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|srcdoc/,
        ),
      ])
    }
  })
})
