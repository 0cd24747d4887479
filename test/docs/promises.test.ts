import 'nolater/vitest'
import { openAlarm, type Wakeup } from 'nolater'
import type { ConfigUnderTest } from 'nolater/vitest'
import { firstValueFrom, timer } from 'rxjs'
import { expect, test } from 'vitest'

function openReminder({ scheduler, ...config }: ConfigUnderTest) {
  const alarm = openAlarm({ ...config, scheduler })
  return {
    alarm,
    async remind() {
      alarm.setIn(5_000)
      await alarm.confirmed()
    },
    deliver: (wakeup: Wakeup) =>
      alarm.deliver(wakeup, async () => {
        await firstValueFrom(timer(2_000, scheduler))
      }),
  }
}

test('a reminder takes two seconds, and is gone then', async () => {
  await expect(openReminder).toMatchMarblesAsync(`
    where    r = remind
    column   1000 ms

    ask      r-----------
    commit   -5|----x|---
    write    5|----------
    wake     -----5..|---
  `)
})
