import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One place in the specification, and what to put there. */
export interface Change {
  /** must occur exactly once */
  readonly find: string
  readonly put: string
}

/** What may happen at most, by the names in the specification. */
export type Defines = Readonly<Record<string, number | string>>

/**
 * `safety`: no asserted sentence is ever false. `ends`: no way goes on for ever, however unfair. `arrives`: each way comes to rest, and in step
 * for ever after. `fair`: what is claimed holds of each way, also of those that never end, on which none that can go on waits for ever.
 */
export type Question = 'safety' | 'ends' | 'arrives' | 'fair'

/** What Spin says. */
export interface Answer {
  /** the sentence that does not hold; `null`: none, and every state was looked at */
  readonly fault: string | null
  readonly states: number
  readonly seconds: number
  /** the steps that lead to the fault */
  readonly trail: string
}

const folder = fileURLToPath(new URL('.', import.meta.url))

/** What is missing on this machine, and how to get it; `null`: nothing is. */
export function missing(): string | null {
  for (const [program, names] of [
    ['spin', 'Spin 6.5: the package `spin` of Debian and Ubuntu, `spin` of Homebrew, or spinroot.com'],
    ['cc', 'a C compiler: the package `gcc` of Debian and Ubuntu, or `xcode-select --install`'],
  ] as const)
    if (spawnSync(program, [program === 'cc' ? '--version' : '-V']).error !== undefined)
      return `${program} was not found. Install ${names}.`
  return null
}

const flags: Record<Question, { readonly compile: readonly string[]; readonly run: readonly string[] }> = {
  safety: { compile: ['-DSAFETY', '-DNOFAIR', '-DNOCLAIM'], run: [] },
  ends: { compile: ['-DNP', '-DNOFAIR'], run: ['-l'] },
  // Not with -f: where a way has an end, Spin would not see that it ends in the wrong place.
  arrives: { compile: ['-DNOFAIR'], run: ['-a'] },
  fair: { compile: ['-DNFAIR=3'], run: ['-a', '-f'] },
}

/** Looks at every state of the specification, with some of its text changed, until one breaks a promise. */
export function ask(
  file: string,
  question: Question,
  defines: Defines = {},
  changes: readonly Change[] = [],
): Answer {
  const scratch = mkdtempSync(join(tmpdir(), 'nolater-spec-'))
  try {
    writeFileSync(join(scratch, 'spec.pml'), changed(readFileSync(join(folder, file), 'utf8'), changes))
    const given = Object.entries(defines).map(([name, value]) => `-D${name}=${value}`)
    const ends = question === 'arrives' ? ['-DENDS'] : []
    run(scratch, 'spin', ['-a', ...given, ...ends, 'spec.pml'])
    const { compile, run: asked } = flags[question]
    // Without optimizing it compiles in a quarter of the time; what is looked at for long is worth it.
    const level = changes.length > 0 ? '-O0' : '-O2'
    run(scratch, 'cc', [level, '-w', '-DCOLLAPSE', '-DMEMLIM=6000', ...compile, '-o', 'pan', 'pan.c'])
    const start = performance.now()
    const said = run(scratch, './pan', [...asked, '-n', '-m2000000', '-w24'])
    const seconds = (performance.now() - start) / 1000
    return { ...read(said), seconds, trail: trailOf(scratch, [...given, ...ends]) }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function changed(text: string, changes: readonly Change[]): string {
  return changes.reduce((before, { find, put }) => {
    const parts = before.split(find)
    if (parts.length !== 2)
      throw new Error(
        `The specification has ${parts.length - 1} places that read as follows, not one; fix the change.\n${find}`,
      )
    return parts.join(put)
  }, text)
}

const call = (cwd: string, program: string, words: readonly string[]) =>
  spawnSync(program, words, { cwd, encoding: 'utf8', maxBuffer: 2 ** 28 })

function run(cwd: string, program: string, words: readonly string[]): string {
  const { error, status, stdout, stderr } = call(cwd, program, words)
  if (error !== undefined) throw error
  if (status !== 0 || /Error:/.test(stdout)) throw new Error(`${program} failed: ${stdout}${stderr}`)
  return stdout
}

function read(said: string): { fault: string | null; states: number } {
  const states = Number(/(\d+) states, stored/.exec(said)?.[1] ?? Number.NaN)
  const errors = /errors: (\d+)/.exec(said)?.[1]
  const fault = /pan:1: (.*) \(at depth/.exec(said)?.[1] ?? null
  const isWhole = !/max search depth too small|out of memory|Search not completed/i.test(said)
  if (errors === undefined || (errors === '0' && !isWhole))
    throw new Error(`Spin did not look at all: ${said}`)
  return { fault: errors === '0' ? null : (fault ?? 'an error'), states }
}

function trailOf(scratch: string, given: readonly string[]): string {
  if (!existsSync(join(scratch, 'spec.pml.trail'))) return ''
  return call(scratch, 'spin', ['-k', 'spec.pml.trail', '-p', ...given, 'spec.pml']).stdout
}
