// Adopts the packed library as users do: fresh projects, installed offline from the tarball, compiled, bundled and run.
//
//     npm run adoption                     every compiler and runtime of test/adoption/package.json, and each Vitest
//     node test/adoption/adopt.mjs         only those that the library itself is built with; needs a build
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { adoptVitest, vitests } from './adopt-vitest.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const LIMIT = 300_000 // ms
const here = fileURLToPath(new URL('.', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'nolater-adoption-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

const execute = promisify(execFile)

/** What it prints; its error has what was run, and what that printed last. */
async function printed(command, args, cwd) {
  const options = { cwd, timeout: LIMIT, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 }
  try {
    const running = execute(command, args, options)
    running.child.stdin.end()
    return (await running).stdout
  } catch ({ message, code, signal, killed, stdout = '', stderr = '' }) {
    const how = killed
      ? `has not ended within ${LIMIT} ms`
      : typeof code === 'string'
        ? message
        : `ended with ${signal ?? code}`
    throw new Error(`${command} ${args.join(' ')} ${how}\n${stdout}${stderr}`)
  }
}

const npm = (args, cwd) => printed('npm', args, cwd)
/** The tarballs of these folders. */
const pack = async (...folders) => {
  const words = ['pack', '--silent', '--ignore-scripts', '--pack-destination', scratch]
  const names = await npm([...words, ...folders], root)
  return names
    .trim()
    .split('\n')
    .map((name) => join(scratch, name))
}

const mine = (name) => join(here, process.argv.includes('--all') ? 'node_modules' : 'nothing', name)
const compilers = ['5.6', '5.7', '5.8', '5.9', '6.0', '7.0']
  .map((version) => [`TypeScript ${version}`, mine(`typescript-${version}/bin/tsc`)])
  .filter(([, tsc]) => existsSync(tsc))
if (compilers.length === 0) compilers.push(['TypeScript 6.0', join(root, 'node_modules/typescript/bin/tsc')])

const runtimes = [
  [`Node ${process.versions.node}`, process.execPath, []],
  ['Node 22', mine('node-22/bin/node'), ['--no-warnings']],
  ['Node 26', mine('node-26/bin/node'), []],
  ['Deno', mine('.bin/deno'), ['run', '--allow-all', '--no-lock']],
  ['Bun', mine('.bin/bun'), ['run']],
].filter(([, command]) => existsSync(command))

const programs = {
  'own-store': (printed) => assert.deepEqual(printed, ['30000 30000']),
  'first-alarm': (printed) => assert.deepEqual(printed, ['brewing', 'tea is ready']),
}
const rows = []
async function adopts(what, attempt) {
  try {
    await attempt()
    rows.push([what, 'works'])
  } catch (error) {
    process.exitCode = 1
    rows.push([what, `FAILS: ${error.message}`])
  }
}

async function newProject(type, tarballs) {
  const folder = join(scratch, type)
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true, type }))
  await npm(
    [
      'install',
      '--offline',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--legacy-peer-deps',
      ...tarballs,
    ],
    folder,
  )
  for (const program of Object.keys(programs)) {
    copyFileSync(join(root, 'examples', `${program}.ts`), join(folder, `${program}.ts`))
  }
  copyFileSync(join(here, 'types.ts'), join(folder, 'types.ts'))
  return folder
}

const nodenext = ['--module', 'nodenext', '--moduleResolution', 'nodenext']
// What ts-jest and ts-node use by default: it knows nothing of `exports`. TypeScript 6 warns of it, 7 has it no more.
const node10 = ['--module', 'commonjs', '--moduleResolution', 'node10', '--esModuleInterop']
const resolutionOf = (compiler) =>
  compiler.endsWith('6.0') ? [...node10, '--ignoreDeprecations', '6.0'] : node10

const compile = (tsc, folder, outDir, resolution = nodenext) =>
  printed(
    process.execPath,
    [
      tsc,
      ...['--strict', ...resolution, '--target', 'es2022'],
      ...['--skipLibCheck', 'false', '--types', 'node', '--outDir', outDir],
      ...[...Object.keys(programs), 'types'].map((program) => `${program}.ts`),
    ],
    folder,
  )

async function run(command, args, program, folder) {
  const cwd = mkdtempSync(join(scratch, 'run-')) // where it keeps its files
  const lines = await printed(command, [...args, join(folder, `${program}.js`)], cwd)
  programs[program](lines.trim().split('\n'))
}

async function bundle(code, folder) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: folder, loader: 'ts' },
    bundle: true,
    write: false,
    minify: true,
    platform: 'browser',
    logLevel: 'error',
    format: 'iife',
  })
  return outputFiles[0].text.trim()
}

async function adoptAs(type, tarballs) {
  const folder = await newProject(type, tarballs)
  for (const [compiler, tsc] of compilers) {
    const outDir = join(folder, compiler.replace(' ', '-'))
    await adopts(`${type}, ${compiler}`, () => compile(tsc, folder, outDir))
    if (type === 'module' || compiler.endsWith('7.0')) continue
    await adopts(`${type}, ${compiler}, node10`, async () => {
      await compile(tsc, folder, `${outDir}-node10`, resolutionOf(compiler))
      await run(process.execPath, [], 'own-store', `${outDir}-node10`)
    })
  }
  const compiled = join(folder, compilers.at(-1)[0].replace(' ', '-'))
  for (const [runtime, command, args] of runtimes) {
    for (const program of Object.keys(programs)) {
      await adopts(`${type}, ${runtime}, ${program}`, () => run(command, args, program, compiled))
    }
  }
}

try {
  const installed = ['rxjs', 'tslib', '@types/node', 'undici-types']
  const tarballs = await pack(root, ...installed.map((name) => join(root, 'node_modules', name)))

  await Promise.all(['module', 'commonjs'].map((type) => adoptAs(type, tarballs)))

  for (const version of process.argv.includes('--all') ? vitests : []) {
    const tarball = tarballs[0]
    await adopts(`Vitest ${version}`, () => adoptVitest(version, { here, scratch, npm, tarball }))
  }

  const folder = join(scratch, 'module')
  await adopts('the examples, copied out of the package', async () => {
    cpSync(join(folder, 'node_modules/nolater/examples'), join(folder, 'examples'), { recursive: true })
    const said = await printed(process.execPath, ['examples/guides/cart-main.ts'], folder)
    assert.match(said, /0 items are left/)
  })
  for (const [runtime, command, args] of runtimes.filter(([name]) => name.startsWith('Node'))) {
    await adopts(`the command, ${runtime}`, async () => {
      const bin = JSON.parse(readFileSync(join(folder, 'node_modules/nolater/package.json'), 'utf8')).bin
        .nolater
      const call = (...words) =>
        printed(command, [...args, join('node_modules/nolater', bin), ...words], folder)
      const file = `command-${runtime.replace(' ', '-')}.db`
      const write = `import { sqliteManager } from 'nolater/sqlite'
        const manager = sqliteManager({ file: '${file}' })
        await manager.write('a key', 4e12, { key: 'a key', move: 'later', fence: 1, attempt: 1 })
        await manager.close()`
      await printed(command, [...args, '--input-type=module', '--eval', write], folder)
      assert.match(await call('list', file), /a key\tpending/)
      assert.match(await call('doctor', file), /Nothing is wrong/)
    })
  }
  await adopts('in a browser, without anything of Node', async () => {
    const code = await bundle(readFileSync(join(folder, 'own-store.ts'), 'utf8'), folder)
    const lines = []
    const console = { log: (...words) => lines.push(words.join(' ')) }
    const timers = { setTimeout, clearTimeout, setInterval, clearInterval }
    runInContext(code, createContext({ console, performance, ...timers }))
    await new Promise(setImmediate)
    programs['own-store'](lines)
  })
  await adopts('the marble kit in a browser', async () => {
    const code = await bundle("import { runMarbles } from 'nolater/marbles'; console.log(runMarbles)", folder)
    // What it only asks a Node process for, where there is one, it does not need.
    assert(!/(require|import)\(["']node:/.test(code), 'it needs Node')
  })
  await adopts('what is imported and not used leaves nothing', async () => {
    const code = await bundle("import 'nolater'; import 'nolater/marbles'", folder)
    assert.equal(code.replace(/[^\w]/g, ''), '')
  })
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

for (const [what, how] of rows) console.log(`adoption: ${what}: ${how}`)
