// npm run page: puts what the browser runs, src/operating/page/browser, into a source that is built with the others. With --check it only looks.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const folder = fileURLToPath(new URL('../../../src/operating/page/', import.meta.url))
export const embeddedFile = `${folder}embedded.ts`

/** The source as it should be. */
export async function embedded(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [`${folder}browser/main.ts`],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
    tsconfig: `${folder}browser/tsconfig.json`,
    logLevel: 'error',
    absWorkingDir: `${folder}browser`,
  })
  // The comments are for readers of the sources.
  const script = outputFiles[0]!.text.replace(/^ *\/\/.*\n/gm, '')
  const part = (name: string, text: string): string =>
    `\nexport const ${name} = \`${text.replace(/[\\`]|\$\{/g, '\\$&')}\`\n`
  return `// Written by npm run page, from browser/: change that.
${part('html', readFileSync(`${folder}browser/page.html`, 'utf8'))}${part('style', readFileSync(`${folder}browser/style.css`, 'utf8'))}${part('script', script)}`
}

if (import.meta.main) {
  const text = await embedded()
  if (!process.argv.includes('--check')) writeFileSync(embeddedFile, text)
  else if (readFileSync(embeddedFile, 'utf8') !== text) {
    console.error('src/operating/page/embedded.ts is not what its sources give: npm run page')
    process.exitCode = 1
  }
}
