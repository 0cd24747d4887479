import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, it } from 'vitest'
import type { Server } from './server.ts'

const run = promisify(execFile)
const firstAlarm = 'examples/first-alarm-on-postgres.ts'

/** What is written about it is run as it stands. */
export function describeDocuments(server: Server): void {
  const node = (...args: string[]) =>
    run(process.execPath, ['--import', './test/run-sources.mjs', ...args], {
      env: { ...process.env, DATABASE_URL: server.connectionString },
      timeout: 50_000, // its error has what it printed
      killSignal: 'SIGKILL',
    })

  describe.concurrent('the examples', { timeout: 60_000 }, () => {
    it('takes a newcomer from an empty database to a woken actor in under 30 lines', async ({ expect }) => {
      expect(readFileSync(firstAlarm, 'utf8').trim().split('\n').length).toBeLessThan(30)
      const { stdout } = await node(firstAlarm)
      expect(stdout).toBe('tea is ready\n')
    })

    it('has an example in which two machines own one actor, and nothing is lost', async ({ expect }) => {
      const { stdout } = await node('examples/two-machines/main.ts', server.connectionString)
      expect(stdout).toContain('A could not note coffee: ALARM_FENCED')
      expect(stdout.trim().split('\n').slice(-2)).toEqual([
        'noted: tea, tea at once; alarm: null',
        'nothing is lost',
      ])
    })
  })
}
