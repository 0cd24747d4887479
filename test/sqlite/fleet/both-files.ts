import { DatabaseSync } from 'node:sqlite'

/** What stands in the two files of a fleet, as other processes see it: what is durable. */
export function bothFiles(file: string, managerFile = `${file}-alarms`) {
  const actors = new DatabaseSync(file)
  const manager = new DatabaseSync(managerFile)
  const alarms = actors.prepare('SELECT key, alarm AS time FROM _nolater_actors')
  const held = manager.prepare('SELECT key, time FROM alarm')
  const timesOf = (rows: typeof alarms): Map<string, number | null> =>
    new Map((rows.all() as { key: string; time: number | null }[]).map(({ key, time }) => [key, time]))
  return {
    actors,
    stored: () => timesOf(alarms),
    held: () => timesOf(held),
    /** The actors that the manager would wake later than the store wants it. */
    late(): string[] {
      const times = timesOf(held)
      const isLate = ([key, time]: [string, number | null]): boolean =>
        time !== null && (times.get(key) ?? Infinity) > time
      return [...timesOf(alarms)]
        .filter(isLate)
        .map(([key, time]) => `${key}: stored ${time}, held ${times.get(key)}`)
    },
    close() {
      actors.close()
      manager.close()
    },
  }
}

export type BothFiles = ReturnType<typeof bothFiles>
