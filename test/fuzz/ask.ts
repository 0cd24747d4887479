import type { AlarmTime } from '../../src/index.ts'
import { describe, isOnPurpose } from './on-purpose.ts'
import type { Process } from './process.ts'
import { START } from './programme.ts'
import type { World } from './world.ts'

/** An intent, with the state that comes with it. */
export function ask(world: World, process: Process, key: string, what: string): void {
  const { clock, judge, thrown } = world
  const [, verb = '', unconfirmed = '', number = '0'] = /^([a-z]+)(~?)(\d*)$/.exec(what) ?? []
  const options = unconfirmed === '' ? {} : { allowUnconfirmed: true }
  const time = verb === 'in' ? clock.now() + Number(number) : START + Number(number)
  try {
    const alarm = process.alarm(key)
    const isMove =
      verb === 'touch' || verb === 'work' || isOther(world, alarm, verb === 'delete' ? null : time)
    const gated = isMove ? process.gated(key, unconfirmed === '') : null
    if (isMove) process.change(key)
    if (verb === 'touch') alarm.touch(options)
    else {
      if (verb === 'work') alarm.touch(options)
      const set = (): void => process.asks(key, time, () => alarm.set(time, options))
      if (verb === 'delete') process.asks(key, null, () => alarm.delete(options))
      else if (verb === 'clock') process.withBadClock(set)
      else set()
    }
    gated?.()
  } catch (error) {
    if (!isOnPurpose(error, thrown)) judge.fault(`${verb} throws ${describe(error)}`)
  }
}

/** A change that the alarm shows: the state that came with it needs its commit. */
function isOther({ judge }: World, alarm: { readonly time: AlarmTime }, time: AlarmTime): boolean {
  try {
    return alarm.time !== time && ![...judge.running].some(() => true)
  } catch {
    return false
  }
}
