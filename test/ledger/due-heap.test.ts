import { describe, expect, it } from 'vitest'
import { type Due, DueHeap } from '../../src/ledger/due-heap.ts'

describe('DueHeap', () => {
  it('has the earliest on top, whatever is put, moved and removed', () => {
    let seed = 42
    const random = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed % below
    }
    const heap = new DueHeap<Due>()
    const items: Due[] = Array.from({ length: 60 }, (_, order) => ({ due: 0, order, place: -1 }))
    const inside = new Set<Due>()
    for (let i = 0; i < 20_000; i++) {
      const item = items[random(items.length)] as Due
      if (random(3) === 0) {
        heap.remove(item)
        inside.delete(item)
      } else {
        item.due = random(40) // many at the same time
        heap.put(item)
        inside.add(item)
      }
      const [first] = [...inside].sort((a, b) => a.due - b.due || a.order - b.order)
      if (heap.top !== first) expect(heap.top, `after step ${i}`).toBe(first)
    }
    expect(inside.size).toBeGreaterThan(10)
    const order: Due[] = []
    for (let top = heap.top; top !== undefined; top = heap.top) {
      order.push(top)
      heap.remove(top)
      expect(top.place).toBe(-1)
    }
    expect(order).toEqual([...inside].sort((a, b) => a.due - b.due || a.order - b.order))
  })
})
