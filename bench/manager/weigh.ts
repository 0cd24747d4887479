import { readdirSync, readFileSync } from 'node:fs'

/** MB of memory of some processes; what they share counts once. `null` where the system does not tell. */
export function weigh(pids: readonly number[]): number | null {
  try {
    const pss = pids.map((pid) => /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')))
    return pss.reduce((sum, match) => sum + Number(match![1]), 0) / 1024
  } catch {
    return null
  }
}

export function withChildren(pid: number): number[] {
  const parentOf = (id: string): number => {
    try {
      return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${id}/stat`, 'utf8'))![1])
    } catch {
      return 0 // gone meanwhile
    }
  }
  try {
    const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    return [pid, ...all.filter((id) => parentOf(id) === pid).map(Number)]
  } catch {
    return [pid]
  }
}
