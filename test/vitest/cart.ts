import { type Alarm, type AlarmConfig, openAlarm } from 'nolater'

/** An actor of somebody who uses this library: a shopping cart that is cleared when nobody touches it for five seconds. */
export interface Cart {
  readonly alarm: Alarm
  touch(): void
  pay(): void
}

export function openCart(config: AlarmConfig): Cart {
  const alarm = openAlarm(config)
  return {
    alarm,
    touch: () => alarm.setIn(5_000),
    pay: () => alarm.delete(),
  }
}
