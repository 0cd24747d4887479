import type { FleetEngine } from '../fleet/fleet-engine.ts'
import { currentRun } from './handler-run.ts'

/** Whether a handler asks for a change, or one of its actor is at work. */
export const ofHandler =
  (engine: Pick<FleetEngine<string>, 'find'>): ((key: string) => boolean) =>
  (key) =>
    currentRun() !== undefined || (engine.find(key)?.work?.run ?? null) !== null
