import { SEQUENCES, sequenceOf } from '../../vocabulary/fence.ts'
import type { AlarmTime } from '../../vocabulary/time.ts'
import type { Finding, FindingCode } from './finding.ts'

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
  actors(): AsyncIterable<StoredActor>
  read(key: string): Promise<StoredActor | null>
  /** Opens the actor as its owner would, which writes its alarm to the manager under a fence above all before. */
  open(key: string): Promise<void>
}

const LOOKS = 5
const REST = 20 // ms

/**
 * Compares the alarms of a store with what a manager holds.
 *
 * Both may change meanwhile. So the store is read before the manager and after it: what has not changed between was as it is found.
 */
export async function* examineStore(
  store: Store,
  copyOf: (key: string) => Promise<HeldCopy | null>,
): AsyncGenerator<Finding> {
  for await (const found of store.actors()) {
    const finding = await compared(store, found, copyOf)
    if (finding === null) continue
    // To open an actor takes it from its owner: it must be as it was found.
    const repair = async (): Promise<boolean> => {
      const stored = await store.read(found.key)
      const again = stored && (await compared(store, stored, copyOf))
      if (again?.code !== finding.code) return false
      await store.open(found.key)
      return true
    }
    yield { ...finding, repair }
  }
}

async function compared(
  store: Store,
  found: StoredActor,
  copyOf: (key: string) => Promise<HeldCopy | null>,
): Promise<Finding | null> {
  let before: StoredActor | null = found
  let finding: Finding | null = null
  // A finding counts if it is there each time: a deletion, its commit and its write pass in between.
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) await new Promise((resolve) => setTimeout(resolve, REST))
    if (before === null) return null
    const copy = await copyOf(before.key)
    const after = await store.read(before.key)
    if (after?.alarm !== before.alarm || after.epoch !== before.epoch) {
      before = after
      continue
    }
    finding = findingOf(before, copy)
    if (finding === null || finding.severity === 'notice') return finding
  }
  return finding
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
