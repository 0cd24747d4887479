import { Client } from 'pg'
import { type ContenderId, contenders, type Entry } from './contenders.ts'
import type { Place } from './queue.ts'

let made = 0

/** Has something done where nothing is yet, in a schema of its own in each of these databases, and removes that: no later part is to clean up after it. */
export async function withPlaces<T>(
  databases: readonly string[],
  use: (places: readonly Place[]) => Promise<T>,
): Promise<T> {
  const schema = `part_${++made}`
  const places = databases.map((connectionString) => ({ connectionString, schema }))
  try {
    return await use(places)
  } finally {
    for (const { connectionString } of places)
      await withClient(connectionString, (client) => client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`))
  }
}

export function withPlace<T>(connectionString: string, use: (place: Place) => Promise<T>): Promise<T> {
  return withPlaces([connectionString], ([place]) => use(place!))
}

export async function withClient<T>(
  connectionString: string,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ connectionString })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

/** Whether nothing is left to be done in a place. */
export async function isOver(id: ContenderId, client: Client, { schema }: Place): Promise<boolean> {
  const entry: Entry = contenders[id]
  return (await client.query<{ over: boolean }>(entry.isOver(schema))).rows[0]!.over
}
