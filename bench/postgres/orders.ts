import type { ContenderId } from './contenders.ts'
import type { Fires } from './judge.ts'
import type { Place } from './queue.ts'

/** What the process of a contender is there for. */
export interface LaneOptions {
  readonly id: ContenderId
  readonly place: Place
  /** `hang`: its handlers never end */
  readonly mode: 'set' | 'fire' | 'hang'
  readonly processes?: number
  readonly lease?: number
}

/** Alarms of the actors from `first` on, every `step`th, `gap` ms apart. */
export interface Series {
  readonly first: number
  readonly step: number
  readonly count: number
  readonly start: number
  readonly gap: number
}

/** How alarms are set: by so many callers that each wait for their own, or so many in one call. */
export interface Way {
  readonly callers?: number
  readonly inOneCall?: number
}

/** ms since the epoch */
export interface Span {
  readonly begin: number
  readonly end: number
}

/** What a process can be asked for. */
export interface Orders {
  open(): Promise<void>
  set(series: Series, way: Way): Promise<Span>
  count(): number
  fires(): Fires
  close(): Promise<void>
}

export type Order = keyof Orders

export interface Asked {
  readonly order: Order
  readonly given: readonly unknown[]
}

export type Answer = { readonly result: unknown } | { readonly failure: string }
