import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** The page as one file that needs nothing else, and what it may do. */
export interface Page {
  readonly html: string
  /** for the header; the file says the same in a meta element */
  readonly policy: string
}

const path = (name: string): string => fileURLToPath(new URL(`page/${name}`, import.meta.url))

/** Bundles the page: the engine, the rivals and the drawing run in the browser. It is not minified, so that it can be read. */
export async function buildPage(): Promise<Page> {
  const { outputFiles } = await build({
    entryPoints: [path('main.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    charset: 'utf8',
    tsconfig: fileURLToPath(new URL('tsconfig.json', import.meta.url)),
    logLevel: 'error',
  })
  const script = `\n${outputFiles[0]!.text.replaceAll('</script', '<\\/script')}`
  const style = `\n${await readFile(path('style.css'), 'utf8')}`
  const policy = policyOf(script, style)
  const parts: Record<string, string> = {
    policy: `<meta http-equiv="Content-Security-Policy" content="${policy}" />`,
    style: `<style>${style}</style>`,
    script: `<script type="module">${script}</script>`,
  }
  const html = (await readFile(path('index.html'), 'utf8')).replace(
    /<!-- (policy|style|script) -->/g,
    (_, name) => parts[name]!,
  )
  return { html, policy }
}

/** Nothing but the page's own script and style runs, and nothing is fetched from anywhere. */
function policyOf(script: string, style: string): string {
  const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  return `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; img-src data:; base-uri 'none'; form-action 'none'`
}
