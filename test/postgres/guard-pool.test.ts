import { EventEmitter } from 'node:events'
import type { Pool } from 'pg'
import { describe, expect, it } from 'vitest'
import { guardPool } from '../../src/postgres/guard-pool.ts'

describe('a pool that breaks', () => {
  const pool = (): EventEmitter & Pool => new EventEmitter() as EventEmitter & Pool

  it('ends no process while something uses it, nor do its connections', () => {
    const shared = pool()
    const client = new EventEmitter()
    const release = [guardPool(shared), guardPool(shared)]
    shared.emit('connect', client)
    release[0]!()
    release[0]!()
    expect(shared.emit('error', new Error('cut'))).toBe(true)
    expect(client.emit('error', new Error('cut'))).toBe(true)
    release[1]!()
    expect(() => shared.emit('error', new Error('cut'))).toThrow('cut')
    expect(client.emit('error', new Error('cut'))).toBe(true)
  })

  it('has one listener, however many use it at once or one after the other', () => {
    const shared = pool()
    const client = new EventEmitter()
    const releases = Array.from({ length: 12 }, () => guardPool(shared))
    shared.emit('connect', client)
    for (const release of releases) release()
    for (let i = 0; i < 12; i++) {
      const release = guardPool(shared)
      shared.emit('acquire', client)
      expect(shared.listenerCount('error')).toBe(1)
      release()
    }
    expect([
      client.listenerCount('error'),
      shared.listenerCount('error'),
      shared.listenerCount('acquire'),
    ]).toEqual([1, 0, 0])
  })
})
