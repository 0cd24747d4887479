import type { AlarmTime } from 'nolater'
import { virtualClock } from 'nolater/marbles'
import { type Keeper, type Network, outsideWorld } from './outside-world.ts'
import { noLater } from './rivals/no-later.ts'
import { parkedChain } from './rivals/parked-chain.ts'
import { retryingTasks } from './rivals/retrying-tasks.ts'
import { switchMapOverTheWrite } from './rivals/switch-map.ts'

/** A schedule on which keepers of an alarm can be compared. */
export interface Race {
  readonly name: string
  readonly story: string
  readonly initial: AlarmTime
  readonly asks: readonly { readonly at: number; readonly time: AlarmTime }[]
  readonly network: Network
}

/** What store and manager hold in the end. */
export interface Ending {
  readonly store: AlarmTime
  readonly manager: AlarmTime
}

/** Requests sent in the first 20 ms are slow, those after it quick. So a request can be overtaken, whoever sent it. */
const congestion = (sentAt: number): number => (sentAt < 20 ? 45 : 5)

const SECOND = 1_000

export const races: readonly Race[] = [
  {
    name: 'PR #5431',
    story: 'deleted; that write fails and is tried again; meanwhile set to 5 s',
    initial: 1 * SECOND,
    asks: [
      { at: 0, time: null },
      { at: 30, time: 5 * SECOND },
    ],
    network: { takes: (sentAt) => (sentAt < 10 ? 5 : congestion(sentAt)), refusesFirst: true },
  },
  {
    name: '#7330, to 7 s',
    story: 'at 1 s; set to 5 s, in flight; to 10 s; to 7 s just before the answer',
    initial: 1 * SECOND,
    asks: [
      { at: 0, time: 5 * SECOND },
      { at: 10, time: 10 * SECOND },
      { at: 46, time: 7 * SECOND },
    ],
    network: { takes: congestion, refusesFirst: false },
  },
  {
    name: '#7330, to 5 s',
    story: 'the same, but back to the 5 s that is in flight',
    initial: 1 * SECOND,
    asks: [
      { at: 0, time: 5 * SECOND },
      { at: 10, time: 10 * SECOND },
      { at: 30, time: 5 * SECOND },
    ],
    network: { takes: congestion, refusesFirst: false },
  },
]

export const keepers: readonly (readonly [string, Keeper])[] = [
  ['a retrying task each', retryingTasks],
  ['switchMap over the write', switchMapOverTheWrite],
  ['promise chain, parked value', parkedChain],
  ['nolater', noLater],
]

/** Runs one keeper through one race, to the very end: until no timer and no promise is left. */
export async function run({ initial, asks, network }: Race, keeper: Keeper): Promise<Ending> {
  const clock = virtualClock()
  const { world, held } = outsideWorld(clock, initial, network)
  const ask = keeper(world)
  for (const { at, time } of asks) clock.schedule(() => ask(time), at)
  await clock.flushAsync()
  return held
}

/** What an ending means for whoever waits for the alarm. */
export function verdict({ store, manager }: Ending): string {
  if (manager === store) return 'right'
  if (store !== null && manager === null) return 'LOST'
  if (store !== null && manager !== null && manager > store) return `late by ${(manager - store) / SECOND} s`
  return 'early'
}

const print = (time: AlarmTime): string => (time === null ? 'none' : `${time / SECOND} s`)

/** All keepers through all races, side by side. */
export async function printRaces(all: readonly Race[]): Promise<string> {
  const lines: string[] = []
  for (const race of all) {
    lines.push(`  ${race.name}: ${race.story}`)
    for (const [name, keeper] of keepers) {
      const ending = await run(race, keeper)
      const { store, manager } = ending
      lines.push(
        `    ${name.padEnd(28)} store ${print(store).padEnd(5)} manager ${print(manager).padEnd(5)} ${verdict(ending)}`,
      )
    }
    lines.push('')
  }
  return lines.join('\n')
}
