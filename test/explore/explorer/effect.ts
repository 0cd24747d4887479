import type { AlarmTime, DeliveryOutcome, Move } from '../../../src/index.ts'

/** What an engine does in answer to one input. */
export type Effect =
  /** `fence` is counted from the last one issued before the input */
  | { readonly kind: 'write'; readonly time: AlarmTime; readonly fence: number; readonly move: Move }
  /** `row`: what it brings to the manager, too, where that has the store's row; under no fence of this epoch where it is `null` */
  | {
      readonly kind: 'commit'
      readonly time: AlarmTime
      readonly row: { readonly fence: number | null; readonly isNew: boolean } | null
    }
  /** the next value came out of the output gate; `inOrder`: it is the oldest one held */
  | { readonly kind: 'value'; readonly inOrder: boolean }
  /** the handler was called for a delivery; of two the first to come is 0 */
  | { readonly kind: 'run'; readonly time: number; readonly delivery: number }
  /** what stands in place of an alarm that is to be abandoned; and all that it depends on is durable */
  | { readonly kind: 'kept'; readonly time: AlarmTime }
  | { readonly kind: 'abandoned' }
  /** ask again later */
  | { readonly kind: 'unabandoned' }
  /** how a delivery ended */
  | { readonly kind: Outcome; readonly delivery: number }

export type Outcome = DeliveryOutcome['kind'] | 'failed'

/** An acknowledgement notifies the gate or a delivery first by which waited first; that does not matter, so here the gate is first. */
export function inOrder(effects: readonly Effect[]): Effect[] {
  const ordered: Effect[] = []
  for (const effect of effects) {
    let place = ordered.length
    if (effect.kind === 'value') while (place > 0 && isOfDelivery(ordered[place - 1]!)) place--
    ordered.splice(place, 0, effect)
  }
  return ordered
}

function isOfDelivery({ kind }: Effect): boolean {
  return kind !== 'write' && kind !== 'commit' && kind !== 'value'
}
