import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const LIMIT = 120_000 // ms
const project = fileURLToPath(new URL('../..', import.meta.url))

export interface VitestRun {
  /** the test file as it is afterwards */
  readonly file: string
  readonly failed: boolean
  /** messages and stacks of the tests that failed, by title */
  readonly failures: ReadonlyMap<string, string>
}

interface Report {
  readonly success: boolean
  readonly testResults: readonly {
    readonly message: string
    readonly assertionResults: readonly {
      readonly title: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

/** Runs Vitest on one test file, in a project of its own that has this library's sources as `nolater`. */
export async function runVitest(text: string, ...options: readonly string[]): Promise<VitestRun> {
  const folder = mkdtempSync(join(tmpdir(), 'nolater-vitest-'))
  const alias = (name: string, file: string) =>
    `{ find: /^${name}$/, replacement: ${JSON.stringify(project + file)} }`
  try {
    symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'))
    writeFileSync(join(folder, 'mine.test.ts'), text)
    writeFileSync(
      join(folder, 'vitest.config.ts'),
      `export default { resolve: { alias: [
        ${alias('nolater', 'src/index.ts')},
        ${alias('nolater\\/vitest', 'src/vitest/index.ts')},
        ${alias('cart', 'test/vitest/cart.ts')},
      ] } }`,
    )
    await vitest(folder, ['run', '--reporter=json', '--outputFile=report.json', ...options])
    const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as Report
    const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults)
    if (tests.length === 0)
      throw new Error(`No test was run: ${report.testResults.map(({ message }) => message)}`)
    return {
      file: readFileSync(join(folder, 'mine.test.ts'), 'utf8'),
      failed: !report.success,
      failures: new Map(
        tests
          .filter(({ failureMessages }) => failureMessages.length > 0)
          .map(({ title, failureMessages }) => [title, failureMessages.join('\n')]),
      ),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function vitest(folder: string, options: readonly string[]): Promise<void> {
  const program = join(project, 'node_modules/vitest/vitest.mjs')
  const { VITEST: _, ...env } = process.env
  return new Promise((resolve, reject) => {
    // That tests fail is what some of these runs are for.
    execFile(
      process.execPath,
      [program, ...options],
      { cwd: folder, env: { ...env, CI: '' }, timeout: LIMIT, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        if (error === null || typeof error.code === 'number') resolve()
        else
          reject(new Error(`Vitest, awaited to end within ${LIMIT} ms: ${error.message}\n${stdout}${stderr}`))
      },
    )
  })
}
