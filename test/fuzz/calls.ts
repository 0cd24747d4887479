import {
  catchError,
  concat,
  defer,
  EMPTY,
  endWith,
  forkJoin,
  from,
  ignoreElements,
  NEVER,
  type Observable,
  type ObservableInput,
  of,
  tap,
} from 'rxjs'
import type {
  AlarmManager,
  AlarmTime,
  CommitInfo,
  EachResult,
  KeyedCommit,
  KeyedWrite,
  LoadedAlarm,
  WriteInfo,
} from '../../src/index.ts'
import type { SqliteStores } from '../../src/sqlite/index.ts'
import type { Landing } from '../world/judge.ts'
import type { Subject as CallSubject, Client } from '../world/network.ts'
import type { Version } from '../world/store.ts'
import type { Intents } from './intents.ts'
import { openOpenings } from './openings.ts'
import type { World } from './world.ts'

interface Caller {
  readonly world: World
  client(): Client
  readonly service: AlarmManager
  readonly stores: SqliteStores | null
  readonly intents: Intents
  /** the epoch of each key's incarnation, as it was loaded last */
  readonly incarnations: Map<string, number>
  /** of the state beside the alarm */
  version(key: string): Version
}

/** The calls of a process to its stores and its manager, through the network. */
export function openCalls({
  world,
  client,
  service,
  stores,
  intents,
  incarnations,
  version: versionOf,
}: Caller) {
  const { judge, network, setting, generation } = world
  const openings = openOpenings(judge, () => world.elapsed())
  const raised = new Set<string>()
  const incarnation = (key: string): string => `${client().name}.${key}.${incarnations.get(key) ?? 0}`

  /** The manager is reached; an alarm that it had given up before is another one then. */
  const written = (time: AlarmTime, info: WriteInfo): Observable<unknown> =>
    defer(() => {
      if (generation !== world.generation) return NEVER
      const replaced = world.replaces(info)
      return concat(
        service.write(info.key, time, info),
        defer(() => {
          replaced()
          return EMPTY
        }),
      )
    })

  function write(by: string, time: AlarmTime, info: WriteInfo): ObservableInput<unknown> {
    // A write that goes on under a raised epoch is the one that was issued before.
    intents.reached(info.key, time)
    if (info.move !== 'earlier' && !raised.delete(info.key)) judge.movesLater(info.key, by)
    return network.send({
      client: client(),
      kind: 'write',
      about: [{ key: info.key, incarnation: by }],
      isVital: info.move === 'earlier',
      reach: () => written(time, info),
    })
  }

  function commit(by: string, time: AlarmTime, info: CommitInfo): ObservableInput<unknown> {
    const { subject, reach } = committing(by, time, info)
    return network.send({ client: client(), kind: 'commit', about: [subject], isVital: true, reach })
  }

  /** A commit takes the state as it is when it is issued. */
  function committing(incarnation: string, time: AlarmTime, { key, epoch }: CommitInfo) {
    // A batch is sent at the end of its turn: what it carries was decided before.
    if (setting.many === 'false') intents.commits(key, time)
    intents.reached(key, time)
    const version = versionOf(key)
    const landing: Landing = { key, time, epoch }
    judge.issued(landing)
    const subject: CallSubject = { key, incarnation, settled: () => judge.settled(landing) }
    // Stores in a file take the state with the call, however long the way of the transaction is.
    const inFile = stores?.commit(time, { key, epoch })
    return {
      subject,
      reach(): ObservableInput<unknown> {
        if (generation !== world.generation) return NEVER
        if (inFile !== undefined) return inFile
        world.memory.commit(key, time, epoch, version)
        return EMPTY
      },
    }
  }

  function load(key: string): ObservableInput<LoadedAlarm> {
    const reach = (): ObservableInput<LoadedAlarm> =>
      from(stores === null ? [world.memory.open(key)] : stores.load(key)).pipe(
        tap(({ time, epoch }) => {
          openings.opened(key)
          intents.loaded(key, time)
          incarnations.set(key, epoch)
          judge.opened(key, epoch)
        }),
      )
    const about = [{ key, incarnation: client().name }]
    intents.loads(key)
    openings.asked(key)
    return network.send({
      client: client(),
      kind: 'load',
      about,
      isVital: false,
      reach,
    }) as ObservableInput<LoadedAlarm>
  }

  function raise(least: number, info: CommitInfo): ObservableInput<number> {
    raised.add(info.key)
    if (stores !== null) return stores.raise(least, info)
    return defer(() => of(world.memory.raise(info.key, least, info.epoch as number)))
  }

  /** Both calls of a batch: each item ends by itself at the other end, and all are answered together. */
  const many = {
    writeMany: (writes: readonly KeyedWrite[]) =>
      network.send({
        client: client(),
        kind: 'write',
        about: writes.map(({ key }) => ({ key, incarnation: incarnation(key) })),
        isVital: false,
        reach: () => each(writes, ({ time, info }) => written(time, info)),
      }) as ObservableInput<readonly EachResult[]>,
    commitMany(commits: readonly KeyedCommit[]) {
      const all = commits.map(({ time, info }) =>
        committing(`${client().name}.${info.key}.${info.epoch}`, time, info),
      )
      return network.send({
        client: client(),
        kind: 'commit',
        about: all.map(({ subject }) => subject),
        isVital: true,
        reach: () => each(all, ({ reach }) => reach()),
      }) as ObservableInput<readonly EachResult[]>
    },
  }

  return { write, commit, load, many, raise }
}

/** The result of each, once all have ended. */
function each<T>(items: readonly T[], call: (item: T) => ObservableInput<unknown>): Observable<EachResult[]> {
  return forkJoin(
    items.map((item) =>
      defer(() => call(item)).pipe(
        ignoreElements(),
        endWith(null),
        catchError((error) => of(error as Error)),
      ),
    ),
  )
}
