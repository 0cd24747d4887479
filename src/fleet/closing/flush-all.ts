import { Observable } from 'rxjs'
import { closeErrorOf } from './close-error.ts'
import type { Flush } from './host.ts'

/** Flushes side by side; what one could not keep does not stop the others, and is named with theirs at the end. */
export function flushAll(guests: Iterable<Flush>): Observable<never> {
  return new Observable((subscriber) => {
    const errors: unknown[] = []
    let left = 1
    const ended = (): void => {
      if (--left > 0) return
      if (errors.length === 0) subscriber.complete()
      else subscriber.error(errors.length === 1 ? errors[0] : closeErrorOf(errors))
    }
    for (const flush of [...guests]) {
      left++
      subscriber.add(
        flush().subscribe({
          error(error) {
            errors.push(error)
            ended()
          },
          complete: ended,
        }),
      )
    }
    ended()
  })
}
