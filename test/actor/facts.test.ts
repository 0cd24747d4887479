import { describe, expect, it } from 'vitest'
import { AlarmFacts } from '../../src/actor/facts.ts'
import { due } from '../../src/actor/rules.ts'
import { Work } from '../../src/actor/work.ts'
import type { AlarmTime } from '../../src/vocabulary/time.ts'

const times: AlarmTime[] = [1, 2, null]
const flags = ['touched', 'owed', 'committing', 'writing', 'isPrecommit', 'resting'] as const
const config = {
  commit: () => [],
  write: () => [],
  scheduler: { now: () => 0, schedule: () => null as never },
}

/** Every state of three times, with everything that can be under way. */
const all = times.flatMap((desired) =>
  times.flatMap((committed) =>
    times.flatMap((bound) =>
      times.flatMap((carried) =>
        Array.from({ length: 2 ** flags.length }, (_, bits) => {
          const alarm = new AlarmFacts(config, '', 0, committed)
          const work = new Work()
          flags.forEach((flag, i) => {
            work[flag] = (bits & (1 << i)) !== 0
          })
          Object.assign(work, { commits: carried, carries: carried })
          return Object.assign(alarm, { desired, bound, work }) as AlarmFacts & { work: Work }
        }),
      ),
    ),
  ),
)

describe('what follows from the record, over every state', () => {
  it('a step is free to go as long as what it must not meet is not in flight', () => {
    for (const alarm of all) {
      const { writing, committing, resting } = alarm.work
      expect(alarm.isFreeFor('earlier')).toBe(!writing)
      expect(alarm.isFreeFor('commit')).toBe(!committing)
      expect(alarm.isFreeFor('later')).toBe(!writing && !committing && !resting)
    }
  })

  it('what is under way is due no more: the same precommit, and a commit of all that was asked', () => {
    for (const alarm of all) {
      const step = due(alarm, alarm.work)
      const { writing, isPrecommit, carries, committing, touched } = alarm.work
      const isUnderWay =
        (step === 'earlier' && writing && isPrecommit && carries === alarm.desired) ||
        (step === 'commit' && committing && !touched)
      expect(alarm.due).toBe(isUnderWay ? null : step)
    }
  })

  it('clean is where the store can hold nothing else, confirmed where all that was asked is durable', () => {
    for (const alarm of all) {
      const { committing, commits, touched, writing } = alarm.work
      const mayHold = committing ? [alarm.committed, commits] : [alarm.committed]
      expect(alarm.isClean).toBe(mayHold.every((time) => time === alarm.desired))
      expect(alarm.isConfirmed).toBe(alarm.desired === alarm.committed && !committing && !touched)
      expect(alarm.isSettled).toBe(alarm.isConfirmed && !writing)
    }
  })

  it('drained is where everything agrees and nothing is under way', () => {
    for (const alarm of all) {
      const { desired, committed, bound, work } = alarm
      const { touched, owed, committing, writing, resting } = work
      const isIdle = !(touched || owed || committing || writing || resting)
      expect(alarm.isDrained).toBe(isIdle && desired === committed && bound === committed)
    }
  })

  it('without work nothing is under way', () => {
    const alarm = new AlarmFacts(config, '', 0, 5)
    expect([alarm.isDrained, alarm.isQuiet, alarm.isConfirmed, alarm.isSettled, alarm.isClean]).toEqual(
      Array(5).fill(true),
    )
    expect([alarm.due, alarm.isResting]).toEqual([null, false])
  })
})
