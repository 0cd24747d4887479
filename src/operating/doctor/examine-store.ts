import { SEQUENCES, sequenceOf } from '../../vocabulary/fence.ts'
import type { AlarmTime } from '../../vocabulary/time.ts'
import type { Finding, FindingCode } from './finding.ts'
import type { Pace } from './pace.ts'

/** An actor, as its store holds it. */
export interface StoredActor {
  readonly key: string
  readonly alarm: AlarmTime
  /** the highest that it has raised */
  readonly epoch: number
}

/** The same actor, as its manager holds it. */
export interface HeldCopy {
  readonly time: AlarmTime
  readonly fence: number
}

/** Where actors are stored. */
export interface Store {
  /** All of them, some at a time. */
  pages(): AsyncIterable<readonly StoredActor[]>
  /** Some of a page again: those that there are by now. */
  read(keys: readonly string[]): Promise<readonly StoredActor[]>
  /** Opens the actor as its owner would, which writes its alarm to the manager under a fence above all before. */
  open(key: string): Promise<void>
}

/** What a manager holds of the actors of a page; none of those that it does not know. */
export type CopiesOf = (keys: readonly string[]) => Promise<ReadonlyMap<string, HeldCopy>>

const LOOKS = 5
const REST = 20 // ms

/**
 * Compares the alarms of a store with what a manager holds.
 *
 * Both may change meanwhile. So the store is read before the manager and after it: what has not changed between was as it is found.
 */
export async function* examineStore(store: Store, copiesOf: CopiesOf, pace: Pace): AsyncGenerator<Finding> {
  for await (const page of store.pages()) {
    for (const finding of await compared(store, page, copiesOf)) {
      const key = finding.key as string
      // To open an actor takes it from its owner: it must be as it was found.
      const repair = async (): Promise<boolean> => {
        const [again] = await compared(store, await store.read([key]), copiesOf)
        if (again?.code !== finding.code) return false
        await store.open(key)
        return true
      }
      yield { ...finding, repair }
    }
    await pace(page.length)
  }
}

async function compared(
  store: Store,
  page: readonly StoredActor[],
  copiesOf: CopiesOf,
): Promise<readonly Finding[]> {
  const findings = new Map<string, Finding>()
  let asked = page
  // A fault counts if it is there each time: a deletion, its commit and its write pass in between.
  for (let look = 0; look < LOOKS && asked.length > 0; look++) {
    if (look > 0) await new Promise((resolve) => setTimeout(resolve, REST))
    const keys = asked.map(({ key }) => key)
    const copies = await copiesOf(keys)
    const after = new Map((await store.read(keys)).map((actor) => [actor.key, actor]))
    const again: StoredActor[] = []
    for (const { key, alarm, epoch } of asked) {
      findings.delete(key)
      const now = after.get(key)
      if (now === undefined) continue
      const isSame = now.alarm === alarm && now.epoch === epoch
      const finding = isSame ? findingOf(now, copies.get(key) ?? null) : null
      if (finding !== null) findings.set(key, finding)
      if (!isSame || finding?.severity === 'fault') again.push(now)
    }
    asked = again
  }
  return page.flatMap(({ key }) => findings.get(key) ?? [])
}

function findingOf({ key, alarm, epoch }: StoredActor, copy: HeldCopy | null): Finding | null {
  const is = (code: FindingCode, severity: Finding['severity'], text: string, advice: string): Finding => ({
    code,
    severity,
    key,
    text,
    advice,
    repair: null,
  })
  if (copy === null) {
    if (alarm === null) return null
    return is(
      'STORE_NOT_OPENED',
      'fault',
      `the store holds ${alarm}, and the manager knows nothing of this actor: the store was not opened since`,
      'open the actor, which writes its alarm',
    )
  }
  if (sequenceOf(epoch + 1, copy.fence) >= 0) {
    return is(
      'FENCE_AHEAD',
      'fault',
      `the manager has a fence of epoch ${Math.floor(copy.fence / SEQUENCES)}, the store is at ${epoch}: it is older than its manager`,
      'open the actor, which raises its epoch above that',
    )
  }
  if (alarm === null) {
    if (copy.time === null) return null
    return is(
      'COPY_EARLIER',
      'notice',
      `the manager holds ${copy.time}, the store none: the actor puts that right when it is delivered`,
      'nothing',
    )
  }
  if (copy.time === null) {
    return is(
      'COPY_LOST',
      'fault',
      `the store holds ${alarm}, the manager none`,
      'open the actor, which writes its alarm',
    )
  }
  if (copy.time > alarm) {
    return is(
      'COPY_LATER',
      'fault',
      `the store holds ${alarm}, the manager ${copy.time}, which is later`,
      'open the actor, which writes its alarm',
    )
  }
  if (copy.time === alarm) return null
  return is(
    'COPY_EARLIER',
    'notice',
    `the store holds ${alarm}, the manager ${copy.time}, which is earlier: the actor puts that right when it is delivered`,
    'nothing',
  )
}
