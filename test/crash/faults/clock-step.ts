import type { Fault } from './fault.ts'

const HOUR = 3_600_000
const MOST = 6 * HOUR

/** The machine's clock is stepped by minutes to hours, back or forward, under everybody. It stays there. */
export const clockStep: Fault = {
  name: 'clock step',
  bite: null,
  begin({ clock, chance }) {
    // Managers forget the fence of a removed alarm after a day, so the clock stays within one.
    const size = Math.round((0.02 + chance()) * 2 * HOUR)
    const isBack = clock.offset - size >= 0 && (clock.offset + size > MOST || chance() < 0.5)
    clock.step(isBack ? -size : size)
    return () => {}
  },
}
