import { Observable } from 'rxjs'

/** Errors with the reason of the signal, when it is aborted or at once where it was. */
export function aborted(signal: AbortSignal): Observable<never> {
  return new Observable((subscriber) => {
    const tell = (): void => subscriber.error(signal.reason)
    if (signal.aborted) return tell()
    signal.addEventListener('abort', tell)
    return () => signal.removeEventListener('abort', tell)
  })
}
