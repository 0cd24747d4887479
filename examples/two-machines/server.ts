import { startPostgres } from '../postgres-server/start.ts'

/** A PostgreSQL to connect to: the one that is given, or one from npm that lives as long as this process. */
export async function findServer(given: string | undefined): Promise<{ url: string; stop(): Promise<void> }> {
  if (given !== undefined) return { url: given, stop: async () => {} }
  const { connectionString, stop } = await startPostgres()
  return { url: connectionString, stop }
}
