import { beforeEach, describe, expect, it, vi } from 'vitest'
import {
  examineStore,
  type HeldCopy,
  type Store,
  type StoredActor,
} from '../../../src/operating/doctor/examine-store.ts'
import type { Finding } from '../../../src/operating/doctor/finding.ts'
import { fenceOf } from '../../../src/vocabulary/fence.ts'

const actor: StoredActor = { key: 'a', alarm: 100, epoch: 3 }
const copy: HeldCopy = { time: 100, fence: fenceOf(3, 1) }
const later: HeldCopy = { time: 200, fence: fenceOf(3, 1) }

/** A store of one actor beside its manager; `seen` may change either before each look at the manager. */
function pair(
  start: { stored?: StoredActor | null; held?: HeldCopy | null },
  seen: (look: number) => void = () => {},
) {
  const state = { stored: actor, held: copy, ...start }
  const opened: string[] = []
  let looks = 0
  const actors = (): StoredActor[] => (state.stored === null ? [] : [state.stored])
  const store: Store = {
    async *pages() {
      yield actors()
    },
    read: async () => actors(),
    open: async (key) => void opened.push(key),
  }
  const copiesOf = async () => {
    seen(++looks)
    return new Map(state.held === null ? [] : [['a', state.held]])
  }
  const examined = async () => {
    const found: Finding[] = []
    for await (const finding of examineStore(store, copiesOf, async () => {})) found.push(finding)
    return found
  }
  return { state, opened, looks: () => looks, examined }
}

describe('a store beside its manager', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    vi.setTimerTickMode('nextTimerAsync') // the doctor rests between its looks
    return () => vi.useRealTimers()
  })

  it.each<[code: string | null, stored: Partial<StoredActor>, held: Partial<HeldCopy> | null]>([
    [null, {}, {}],
    [null, { alarm: null }, null],
    [null, { alarm: null }, { time: null }],
    [null, {}, { fence: fenceOf(4, 0) - 1 }],
    ['FENCE_AHEAD', {}, { fence: fenceOf(4, 0) }],
    ['FENCE_AHEAD', { alarm: null }, { time: null, fence: fenceOf(4, 0) }],
    ['STORE_NOT_OPENED', {}, null],
    ['COPY_LOST', {}, { time: null }],
    ['COPY_LATER', {}, { time: 101 }],
    ['COPY_EARLIER', {}, { time: 99 }],
    ['COPY_EARLIER', { alarm: null }, {}],
  ])('has %s: %j beside %j', async (code, stored, held) => {
    const { examined } = pair({ stored: { ...actor, ...stored }, held: held && { ...copy, ...held } })
    expect((await examined()).map((finding) => finding.code)).toEqual(code === null ? [] : [code])
  })

  it('is opened for a repair where it is as it was found', async () => {
    const { opened, examined } = pair({ held: later })
    const [finding] = await examined()
    expect(finding).toMatchObject({ code: 'COPY_LATER', key: 'a' })
    expect(opened).toEqual([])
    expect(await finding!.repair!()).toBe(true)
    expect(opened).toEqual(['a'])
  })

  it.each([
    ['its owner has put it right', { held: copy }],
    [
      'its owner has deleted the alarm',
      { stored: { ...actor, alarm: null }, held: { ...later, time: null } },
    ],
    ['it is wrong in another way', { held: { ...later, time: null } }],
    ['it was removed', { stored: null }],
  ])('is not taken from its owner where %s since', async (_, since) => {
    const { state, opened, examined } = pair({ held: later })
    const [finding] = await examined()
    Object.assign(state, since)
    expect(await finding!.repair!()).toBe(false)
    expect(opened).toEqual([])
  })

  it('has no fault where that passes: a write is on its way', async () => {
    const pairs = pair({ held: later }, (look) => {
      if (look === 5) pairs.state.held = copy
    })
    expect(await pairs.examined()).toEqual([])
    expect(pairs.looks()).toBe(5)
  })

  it('has no fault where it changes each time that it is looked at', async () => {
    const pairs = pair({ held: later }, (look) => {
      pairs.state.stored = { ...actor, alarm: 100 - look }
    })
    expect(await pairs.examined()).toEqual([])
  })

  it('has no fault where its epoch was raised meanwhile: what the manager holds is of this opening', async () => {
    const pairs = pair({}, (look) => {
      if (look > 1) return
      pairs.state.stored = { ...actor, epoch: 4 }
      pairs.state.held = { ...copy, fence: fenceOf(4, 1) }
    })
    expect(await pairs.examined()).toEqual([])
  })

  it('has no fault where it was removed before the last look', async () => {
    const pairs = pair({ held: null }, (look) => {
      if (look === 5) pairs.state.stored = null
    })
    expect(await pairs.examined()).toEqual([])
  })

  it('has no fault where it was removed meanwhile', async () => {
    const pairs = pair({ held: null }, (look) => {
      if (look === 2) pairs.state.stored = null
    })
    expect(await pairs.examined()).toEqual([])
  })

  it('is looked at together with the others of its page, and again only where there is a fault', async () => {
    const actors = ['well', 'lost', 'late'].map((key) => ({ ...actor, key }))
    const asked: (readonly string[])[] = []
    const store: Store = {
      async *pages() {
        yield actors
      },
      read: async (keys) => actors.filter(({ key }) => keys.includes(key)).reverse(),
      open: async () => {},
    }
    const copies = new Map([
      ['late', later],
      ['well', copy],
    ])
    const found: Finding[] = []
    const copiesOf = async (keys: readonly string[]) => {
      asked.push(keys)
      return copies
    }
    for await (const finding of examineStore(store, copiesOf, async () => {})) found.push(finding)
    expect(found).toMatchObject([
      { code: 'STORE_NOT_OPENED', key: 'lost' },
      { code: 'COPY_LATER', key: 'late' },
    ])
    expect(asked).toEqual([['well', 'lost', 'late'], ...Array(4).fill(['lost', 'late'])])
  })
})
