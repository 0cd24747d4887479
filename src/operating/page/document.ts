import { createHash } from 'node:crypto'
import { html, script, style } from './embedded.ts'
import type { Action } from './shapes.ts'

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** Nothing but the page's own script and style runs, nothing is asked of anywhere else, and no text is ever read as markup. */
export const policy = [
  "default-src 'none'",
  `script-src ${hashOf(script)}`,
  `style-src ${hashOf(style)}`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const attribute = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')

/** The page of these alarms, which may do these. */
export function documentOf(name: string, can: readonly Action[], csrf: string, hasJournal: boolean): Buffer {
  const parts: Readonly<Record<string, string>> = {
    '<!-- style -->': `<style>${style}</style>`,
    '<!-- script -->': `<script type="module">${script}</script>`,
    'data-can=""': `data-can="${can.join(' ')}" data-csrf="${csrf}" data-name="${attribute(name)}"${hasJournal ? ' data-journal=""' : ''}`,
  }
  return Buffer.from(html.replace(/<!-- \w+ -->|data-can=""/g, (part) => parts[part] ?? ''))
}
