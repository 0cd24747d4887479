import { Observable } from 'rxjs'
import type { AlarmList, ListedAlarm } from '../vocabulary/listed-alarm.ts'

/** The next alarms, none at a page of nothing but others; `null` after the last page. */
export type NextPage = () => Page | PromiseLike<Page>
type Page = readonly ListedAlarm[] | null

/** Alarms page by page: each subscription and each iteration reads for itself, and no further than it is asked to. */
export function alarmList(open: () => NextPage): AlarmList {
  const list$ = new Observable<ListedAlarm>((subscriber) => {
    const next = open()
    const emit = (page: Page): boolean => {
      if (page === null) subscriber.complete()
      else for (const alarm of page) subscriber.next(alarm)
      return page !== null && !subscriber.closed
    }
    const read = (): void => {
      for (;;) {
        const page = next()
        if (page !== null && 'then' in page) {
          const goOn = (later: Page): void => {
            if (emit(later)) read()
          }
          Promise.resolve(page)
            .then(goOn)
            .catch((error) => subscriber.error(error))
          return
        }
        if (!emit(page)) return
      }
    }
    read()
  })
  return Object.assign(list$, {
    async *[Symbol.asyncIterator](): AsyncGenerator<ListedAlarm, void> {
      const next = open()
      for (let page = await next(); page !== null; page = await next()) yield* page
    },
  })
}
