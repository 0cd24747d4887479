import { given } from '../../vocabulary/given.ts'
import type { Finding } from './finding.ts'

const numbers = [
  'fence',
  'set_by',
  'time',
  'due',
  'done',
  'leased_until',
  'changed_at',
  'counted',
  'uncounted',
  'aside',
]

/** The rows of a manager that no manager writes, as SQL; `error` says which last errors are none. */
export function unreadableRows(error: string): string {
  return [
    ...numbers.map((column) => `${column} NOT BETWEEN 0 AND ${Number.MAX_SAFE_INTEGER}`),
    error,
    'time IS NULL AND due IS NOT NULL',
    '(leased_until IS NULL) <> (holder IS NULL)',
  ].join(' OR ')
}

export function unreadable(key: string, advice: string): Finding {
  return {
    code: 'ROW_UNREADABLE',
    severity: 'fault',
    key,
    text: `the row of ${given(key)} holds what no manager writes`,
    advice,
    repair: null,
  }
}
