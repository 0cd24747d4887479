import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const script = resolve('.github/name-repository.mjs')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'name-repository-'))
  copyFileSync('package.json', join(folder, 'package.json'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const manifest = () => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
const name = (env: Record<string, string>) =>
  spawnSync(process.execPath, [script], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ...env },
  })

describe('the release', () => {
  it('names the repository that it comes from, and changes nothing else of the manifest', () => {
    const before = manifest()
    const env = { GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'ada/nolater' }
    expect(name(env)).toMatchObject({ status: 0, stderr: '' })
    expect(manifest()).toEqual({
      ...before,
      repository: { type: 'git', url: 'git+https://github.com/ada/nolater.git' },
      homepage: 'https://github.com/ada/nolater#readme',
      bugs: { url: 'https://github.com/ada/nolater/issues' },
    })
  })

  it.each([
    {},
    { GITHUB_SERVER_URL: 'https://github.com' },
    { GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'x' },
  ])('refuses %o, and leaves the manifest as it is', (env) => {
    const before = manifest()
    expect(name(env as Record<string, string>)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(
        'Expected GITHUB_SERVER_URL=https://host and GITHUB_REPOSITORY=owner/name',
      ),
    })
    expect(manifest()).toEqual(before)
  })

  it('does so before it publishes', () => {
    const steps = readFileSync('.github/workflows/release.yml', 'utf8')
    const at = steps.indexOf('run: node .github/name-repository.mjs')
    expect(at).toBeGreaterThan(0)
    expect(steps.indexOf('changeset publish')).toBeGreaterThan(at)
  })
})
