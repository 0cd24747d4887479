import type { AlarmScope } from '../vocabulary/alarm-scope.ts'

/** Which alarms are not delivered for now. */
export interface Pauses {
  /** What was set aside in an earlier one is looked at again: so nothing has to be undone where a pause ends. */
  readonly generation: number
  readonly scopes: readonly AlarmScope[]
}

export const noPauses: Pauses = { generation: 0, scopes: [] }

/** Whether the alarm of this key is paused. */
export function isPaused({ scopes }: Pauses, key: string): boolean {
  return scopes.some((scope) => ('key' in scope ? scope.key === key : key.startsWith(scope.prefix as string)))
}

/** With one more; `null` where it is there already. */
export function pausedAt({ generation, scopes }: Pauses, scope: AlarmScope): Pauses | null {
  const isThere = scopes.some((standing) => isWithin(standing, scope) && isWithin(scope, standing))
  return isThere ? null : { generation, scopes: [...scopes, scope] }
}

/** Without those that it covers; `null` where there are none. */
export function resumedAt({ generation, scopes }: Pauses, scope: AlarmScope): Pauses | null {
  const left = scopes.filter((standing) => !isWithin(standing, scope))
  return left.length === scopes.length ? null : { generation: generation + 1, scopes: left }
}

/** Whether all that is paused with the one is with the other. */
export function isWithin(inner: AlarmScope, outer: AlarmScope): boolean {
  if ('key' in outer) return 'key' in inner && inner.key === outer.key
  const beginning = 'key' in inner ? inner.key : (inner.prefix as string)
  return beginning.startsWith(outer.prefix as string)
}
