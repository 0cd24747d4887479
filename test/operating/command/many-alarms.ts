import { DatabaseSync } from 'node:sqlite'
import { newFile, newManager } from '../../sqlite/files.ts'

/** The file of a manager with so many alarms, whose keys and times are 1, 2 and so on: due, or given up. */
export async function manyAlarms(count: number, are: 'due' | 'failed' = 'due'): Promise<string> {
  const file = newFile()
  await newManager({ file }).close()
  const [due, counted] = are === 'due' ? ['i', 0] : ['NULL', 7]
  const db = new DatabaseSync(file)
  db.exec(`
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
    INSERT INTO alarm (key, time, fence, set_by, due, counted, uncounted, begun, changed_at)
    SELECT printf('%0${String(count).length}d', i), i, 1, 1, ${due}, ${counted}, 0, 0, 0 FROM n`)
  db.close()
  return file
}
