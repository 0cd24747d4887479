// Opens a run, says where its folder is, and stays until it is killed.
import { openRun } from './open-run.ts'

process.send?.(openRun().env.TMPDIR)
process.on('disconnect', () => process.exit())
