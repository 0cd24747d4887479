import { checkNames, type Names } from './check-names.ts'
import { configError } from './error-of.ts'
import { checkKey } from './key.ts'

/** Which alarms are meant: of one actor, of those whose keys begin so, or (`{}`) of all. */
export type AlarmScope = { readonly key: string } | { readonly prefix?: string }

const names: Names<{ key: string; prefix: string }> = { key: true, prefix: true }

/** Reads a scope, or throws `ALARM_KEY_INVALID` or `ALARM_CONFIG_INVALID`. */
export function checkScope(scope: AlarmScope): AlarmScope {
  if (typeof scope !== 'object' || scope === null) {
    throw configError('Which alarms', '{ key }, { prefix }, or {} for all', scope)
  }
  checkNames('Which alarms', scope, names)
  if ('key' in scope) return { key: checkKey(scope.key) }
  const { prefix = '' } = scope as { readonly prefix?: string }
  if (typeof prefix !== 'string' || !prefix.isWellFormed()) {
    throw configError('prefix', 'the beginning of a key', prefix)
  }
  return { prefix }
}
