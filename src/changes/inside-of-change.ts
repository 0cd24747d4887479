import { AsyncLocalStorage } from 'node:async_hooks'
import type { Change } from './change.ts'

/** Whether the function of the change is still under way that something belongs to. */
export interface Inside {
  isOpen: boolean
}

const insides = new AsyncLocalStorage<Inside>()

/** Whether it is the function of a change that asks. */
export const isInsideOfChange = (): boolean => insides.getStore()?.isOpen === true

/** Calls the function of a change in the context in which it was asked for, so that what it calls is known to be inside of it. */
export function callInside<T>(
  { context }: Pick<Change, 'context'>,
  inside: Inside,
  call: () => Promise<T>,
): Promise<T> {
  return context.runInAsyncScope(() => insides.run(inside, call))
}
