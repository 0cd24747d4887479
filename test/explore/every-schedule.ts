import { openAlarm } from 'nolater'
import { runEngines } from './explorer/learn.ts'
import { movesOf } from './explorer/moves.ts'
import type { ExploreOptions } from './explorer/options.ts'
import { boundsOf } from './explorer/options.ts'
import { readRecord } from './explorer/record.ts'
import { step } from './explorer/step.ts'
import { worldBefore } from './explorer/world.ts'

/** Every complete schedule, run from its beginning on an engine of its own: no keys, nothing learned, nothing left out. */
export function everySchedule(options: ExploreOptions): { schedules: number; faults: string[] } {
  const { asking, left, alarms, ...bounds } = boundsOf({ openAlarm, readRecord, ...options })
  const faults: string[] = []
  let schedules = 0

  function run(alarm: (typeof alarms)[number], moves: readonly string[]): string[] {
    const setting = { ...bounds, engines: runEngines(bounds) }
    let world = worldBefore(alarm, left)
    for (const move of moves) world = step(setting, world, move)
    if (world.fault !== null) faults.push(world.fault)
    return movesOf(world, asking)
  }

  function goOn(alarm: (typeof alarms)[number], moves: readonly string[]): void {
    const next = run(alarm, moves)
    if (next.length === 0) schedules++
    for (const move of next) goOn(alarm, [...moves, move])
  }

  for (const alarm of alarms) goOn(alarm, [])
  return { schedules, faults }
}
