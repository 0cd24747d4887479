// One machine. It hosts the actor when it is told to, and tells what happens to it.
import { type PostgresStore, postgresManager, postgresStore } from 'nolater/postgres'
import type { Subscription } from 'rxjs'
import { endInOrder } from '../guides/end-in-order.ts'

const [, , connectionString, schema] = process.argv as [string, string, string, string]
const manager = postgresManager({ connectionString, schema, lease: 2_000 })
let store: PostgresStore
let deliveries: Subscription | undefined
let isSlow = false

const tell = (what: string): void => void process.send?.(what)

const orders = {
  async open() {
    store = await postgresStore({ key: '42', manager })
    deliveries = manager
      .deliveries((delivery) => store.alarm.deliver(delivery, wake))
      .subscribe(({ kind }) => tell(kind))
    const left = store.alarm.time === null ? 'no alarm' : `an alarm at ${store.alarm.time}`
    tell(`owns the actor now: epoch ${store.epoch}, ${left}`)
  },

  /** State and alarm in one transaction. */
  async note(note: string, time: number) {
    try {
      await store.commitWith(async (client) => {
        await client.query(`INSERT INTO ${schema}.note VALUES ($1)`, [note])
        store.alarm.set(time)
      })
      tell(`noted ${note}`)
    } catch (error) {
      deliveries?.unsubscribe() // the actor is somebody else's: nothing more is to be done for it here
      tell(`could not note ${note}: ${(error as { code?: string }).code}`)
    }
  },

  slow() {
    isSlow = true
    tell('is slow from now on')
  },
}

async function wake(): Promise<void> {
  tell('was woken')
  if (isSlow) await new Promise(() => {})
}

process.on('message', ([order, ...values]: [keyof typeof orders, ...never[]]) => {
  ;(orders[order] as (...values: never[]) => unknown)(...values)
})
process.once('disconnect', () =>
  endInOrder([() => deliveries?.unsubscribe(), () => store?.close(), () => manager.close()]),
)
