import type { Attributes, Counter } from '@opentelemetry/api'
import { neverThrows } from './never-throws.ts'

/**
 * Has a counter exported before anything was counted, once for each of these attributes: a rate sees no rise in a series that begins at 1,
 * and one that is not there looks like one that is not measured.
 */
export function startAtZero(counter: Counter, ...sets: readonly Attributes[]): void {
  for (const attributes of sets.length === 0 ? [undefined] : sets) {
    neverThrows(() => counter.add(0, attributes))
  }
}
