/** Gives a platform Observable, which RxJS 7 does not know, to anything that takes an ObservableInput. */
import { Observable } from 'rxjs'

/** The part of the platform's Observable that is used here. */
export interface PlatformObservable<T> {
  subscribe(
    observer: { next(value: T): void; error(error: unknown): void; complete(): void },
    options: { signal: AbortSignal },
  ): void
}

export function fromPlatform<T>(source: PlatformObservable<T>): Observable<T> {
  return new Observable((subscriber) => {
    const controller = new AbortController()
    subscriber.add(() => controller.abort())
    source.subscribe(
      {
        next: (value) => subscriber.next(value),
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      },
      { signal: controller.signal },
    )
  })
}
