import type { ListedState } from '../../../vocabulary/listed-alarm.ts'

/** What is looked at: it is behind the # of the URL, which is not sent. */
export interface Address {
  /** an actor's page */
  readonly key: string | null
  readonly state: ListedState | null
  readonly prefix: string
  /** the alarm after which the list begins, and when that was due */
  readonly after: string | null
  readonly at: string | null
}

const start: Address = { key: null, state: null, prefix: '', after: null, at: null }

export function readAddress(hash = location.hash): Address {
  const query = new URLSearchParams(hash.slice(1))
  return {
    key: query.get('key'),
    state: query.get('state') as ListedState | null,
    prefix: query.get('prefix') ?? '',
    after: query.get('after'),
    at: query.get('at'),
  }
}

export function linkTo(to: Partial<Address>): string {
  const { key, state, prefix, after, at } = { ...start, ...to }
  if (key !== null) return `#${new URLSearchParams({ key })}`
  const query = new URLSearchParams()
  if (state !== null) query.set('state', state)
  if (prefix !== '') query.set('prefix', prefix)
  if (after !== null) query.set('after', after)
  if (at !== null) query.set('at', at)
  return `#${query}`
}
