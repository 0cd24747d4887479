/**
 * Matchers for Vitest, and the tests that every manager must pass.
 *
 * @module nolater/vitest
 */
import { expect } from 'vitest'
import { toBeNeverLate } from './to-be-never-late.ts'
import { toHaveSubscriptions } from './to-have-subscriptions.ts'
import { toMatchMarbles, toMatchMarblesAsync } from './to-match-marbles.ts'
import { drawnSerializer, toMatchMarblesInlineSnapshot } from './to-match-marbles-inline-snapshot.ts'
import { failUnchecked } from './unchecked.ts'

expect.extend({
  toMatchMarbles,
  toMatchMarblesAsync,
  toMatchMarblesInlineSnapshot,
  toHaveSubscriptions,
  toBeNeverLate,
})
expect.addSnapshotSerializer(drawnSerializer)
failUnchecked()

export type { ActorUnderTest, ConfigUnderTest, OpenActor } from './actor.ts'
export { describeManager } from './manager/describe-manager.ts'
export type {
  DescribeManagerOptions,
  ManagerContext,
  ManagerFactory,
  ManagerNeed,
  ManagerUnderTest,
} from './manager/factory.ts'
export type { MarbleMatchers } from './marble-matchers.ts'
export type { MarbleRun, MarbleSource, SubscriptionLog } from './marble-sources.ts'
export type { MarbleSubject } from './run-observable.ts'
export type { Values } from './values.ts'
