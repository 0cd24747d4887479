import type { Observable } from 'rxjs'

/**
 * What is waited for: an Observable that `await` subscribes to, once for each `then`. It resolves with the last value when it completes.
 *
 * Gotcha: an `async` function that returns one returns a promise of its value: `await` has subscribed to it.
 */
export type Awaitable<T, Value = T> = Observable<T> & PromiseLike<Value>

/** Makes an Observable awaitable. RxJS goes on taking it for an Observable: it looks for promises last. */
export function awaitable<T, Value = T>(observable: Observable<T>): Awaitable<T, Value> {
  // An assignment, and not Object.assign, which costs as much as a commit.
  const made = observable as unknown as { then: unknown }
  // biome-ignore lint/suspicious/noThenProperty: it is to be awaited
  made.then = then
  return observable as unknown as Awaitable<T, Value>
}

function then<T, A = T, B = never>(
  this: Observable<T>,
  onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
  onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
): Promise<A | B> {
  return new Promise<T>((resolve, reject) => {
    let last: T | undefined
    this.subscribe({
      next(value) {
        last = value
      },
      error: reject,
      complete: () => resolve(last as T),
    })
  }).then(onFulfilled, onRejected)
}
