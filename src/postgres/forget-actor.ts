import type { ActorRow } from './actor-row.ts'
import type { Lender } from './lent-connections.ts'

/** Deletes the row of an actor in a transaction of its own, durably or not at all. */
export async function forgetActor(lender: Lender, row: ActorRow): Promise<void> {
  const lent = await lender.forStatement()
  const { client } = lent
  try {
    await row.begin(client, crypto.randomUUID())
    await row.remove(client)
    await row.commit(client)
  } catch (error) {
    await row.rollBack(client).then(lent.giveBack, () => lent.end(null))
    throw lender.broken(error)
  }
  lent.giveBack()
}
