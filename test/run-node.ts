import { spawnSync } from 'node:child_process'

/** Runs Node to its end, with the sources as `nolater`; what it prints. Throws what went wrong, with its last words, after `limit` ms at most. */
export function runNode(
  args: readonly string[],
  {
    cwd,
    env = {},
    limit = 60_000,
    sources = true,
  }: { cwd?: string; env?: Record<string, string>; limit?: number; sources?: boolean } = {},
): string {
  const all = [...(sources ? ['--import', new URL('./run-sources.mjs', import.meta.url).href] : []), ...args]
  const { error, status, signal, stdout, stderr } = spawnSync(process.execPath, all, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: limit,
    killSignal: 'SIGKILL',
  })
  if (error === undefined && status === 0) return stdout
  const how =
    (error as { code?: string } | undefined)?.code === 'ETIMEDOUT'
      ? `has not ended within ${limit} ms`
      : (error?.message ?? `ended with ${signal ?? status}`)
  throw new Error(
    `node ${all.join(' ').slice(0, 300)} ${how}. It printed last: ${`${stdout}${stderr}`.trim().slice(-2_000) || '(nothing)'}`,
  )
}
