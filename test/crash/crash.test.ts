import { mkdirSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makePlace, type Place } from '../../examples/fleet/place.ts'
import { type CampaignOptions, campaign, type Outcome } from './campaign.ts'
import { clockStep } from './faults/clock-step.ts'
import { fullDatabase } from './faults/full-database.ts'
import { fullDisk } from './faults/full-disk.ts'
import { locked } from './faults/locked.ts'
import { ownerChange } from './faults/owner-change.ts'
import { makePlan, SABOTAGES } from './plan.ts'
import { mountSmallDisk, type SmallDisk } from './small-disk.ts'

// Real processes. Nothing here depends on how fast they are: what is awaited is awaited until it comes.
const PATIENCE = 120_000

let place: Place | undefined
let disk: SmallDisk | null
beforeAll(() => {
  place = makePlace(true) // a run of the tests has a TMPDIR of its own, on the disk
  disk = mountSmallDisk(place.path, 64)
})
afterAll(() => {
  disk?.unmount()
  if (place !== undefined) rmSync(place.path, { recursive: true, force: true })
})

let runs = 0
function run(
  options: Partial<CampaignOptions>,
  sabotage: (typeof SABOTAGES)[number] = 'none',
): Promise<Outcome> {
  const path = `${disk?.path ?? place!.path}/${++runs}`
  mkdirSync(path)
  const plan = { ...makePlan(runs, path, { actors: 12, hosts: 2 }), sabotage }
  return campaign({ plan, disk, kills: 5, seconds: 60, faults: [], ...options })
}

describe('processes that are killed', () => {
  it('lose nothing, and are never late, whatever else goes wrong', { timeout: PATIENCE }, async () => {
    const faults = [...(disk === null ? [] : [fullDisk]), fullDatabase, locked, clockStep, ownerChange]
    const outcome = await run({ kills: 6, faults, inTurn: true })
    expect(outcome.violations).toEqual([])
    expect(outcome.kills).toBeGreaterThanOrEqual(6)
    expect(outcome.owed).toBeGreaterThan(0)
    expect(outcome.acked).toBeGreaterThan(0)
    expect(outcome.looks).toBeGreaterThan(12)
    expect(outcome.examined).toBeGreaterThan(0)
    for (const [, { begun }] of outcome.met) expect(begun).toBeGreaterThan(0)
  })
})

describe('the outside check', () => {
  it.each(SABOTAGES.filter((name) => name !== 'none'))(
    'finds %s',
    { timeout: PATIENCE },
    async (sabotage) => {
      const { violations } = await run({ kills: 1_000, stopsAtFault: true }, sabotage)
      expect(violations[0]).toMatch(sabotage === 'leaky-gate' ? /^LOST .*was confirmed/ : /^LATE /)
    },
  )
})
