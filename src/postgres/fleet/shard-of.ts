import { idOf } from '../alarm-key.ts'

/** At most: what three bytes can tell apart evenly. */
export const MOST_SHARDS = 2 ** 16

/** The shard of a key: the same in every process, and in SQL. */
export function shardOf(key: string, shards: number): number {
  return Number.parseInt(idOf(key).slice(0, 6), 16) % shards
}

/** That of an alarm's row, as SQL: its operators of bits all bind alike, from the left. */
export function shardOfRow(shards: number): string {
  const byte = (n: number): string => `get_byte(_nolater_alarm.id, ${n})`
  return `(((${byte(0)} << 16) | (${byte(1)} << 8) | ${byte(2)}) % ${shards})`
}
