/** A programme: what the world is like, and what happens in it, one word after the other. */
export interface Programme {
  readonly setting: Setting
  readonly words: readonly string[]
}

/** What a world is like. Each has a plain value, to which a failing programme is shrunk. */
export interface Setting {
  readonly manager: 'memory' | 'sqlite'
  /** bare alarms, a fleet over a store in memory, or a fleet over `sqliteStores` */
  readonly actor: 'alarm' | 'fleet' | 'stores'
  /** how a call is answered that has no fate of its own: before it returns, by a promise, or after ms each way */
  readonly commit: string
  readonly write: string
  readonly load: string
  /** of later moves */
  readonly retries: string
  readonly reconcile: string
  /** the deliveries have an `abandon` */
  readonly abandon: string
  /** the fleet writes and commits in batches */
  readonly many: string
  /** ms that a write, a commit or a load may take; `none` for no limit */
  readonly timeout: string
  /** the epoch that the stores have raised before */
  readonly epoch: string
  /** the events have a subscriber */
  readonly heard: string
}

/** ms: when every programme begins */
export const START = 36_000_000 // ten hours: the clock can be set back

export const plain: Setting = {
  manager: 'memory',
  actor: 'alarm',
  commit: 'sync',
  write: 'sync',
  load: 'sync',
  retries: '1',
  reconcile: 'true',
  abandon: 'true',
  many: 'false',
  timeout: 'none',
  epoch: '0',
  heard: 'false',
}

const names = Object.keys(plain) as (keyof Setting)[]

/** One line, which `readProgramme` reads; what is plain is left out. */
export function printProgramme({ setting, words }: Programme): string {
  const settings = names
    .filter((name) => setting[name] !== plain[name])
    .map((name) => `${name}=${setting[name]}`)
  return [...settings, ...words].join(' ')
}

export function readProgramme(line: string): Programme {
  const all = line.split(/\s+/).filter((word) => word !== '')
  const setting: Record<string, string> = { ...plain }
  for (const word of all.filter(isSetting)) {
    const [name = '', value = ''] = word.split('=')
    if (!(name in plain)) throw new Error(`"${name}" is no setting; there are ${names.join(', ')}`)
    setting[name] = value
  }
  return { setting: setting as unknown as Setting, words: all.filter((word) => !isSetting(word)) }
}

const isSetting = (word: string): boolean => /^\w+=/.test(word)
