import type { ServerResponse } from 'node:http'
import { defer, ReplaySubject, repeat, share, timer } from 'rxjs'
import { refuse, safeHeaders, send } from './answer.ts'
import { messageOf } from './faults.ts'
import type { CheckedPage, PageManager } from './page-options.ts'
import { nextHour } from './reading.ts'
import type { LookEvent, TroubleEvent } from './shapes.ts'

const MOST = 32 // each keeps a connection
const SECOND = 1_000
const REST = 20 // times as long as a look took: what counts a million may keep the thread for a twentieth of the time

/** Sends how the manager stands, each second, to all that have asked: by one timer, which ends with the last of them. */
export function openLive(
  manager: PageManager,
  { scheduler }: Pick<CheckedPage, 'scheduler'>,
): (response: ServerResponse) => void {
  let rest = SECOND
  const look$ = defer(async () => {
    const begun = scheduler.now()
    const event = await look(manager)
    rest = Math.max(SECOND, (scheduler.now() - begun) * REST)
    return event
  })
  const live$ = look$.pipe(
    repeat({ delay: () => timer(rest, scheduler) }),
    share({ connector: () => new ReplaySubject<string>(1) }), // the last look, at once
  )
  let clients = 0

  return (response) => {
    if (clients === MOST) {
      send(response, refuse(503, `So many see this page live: ${MOST}. Close one of them.`))
      return
    }
    clients++
    response.writeHead(200, {
      ...safeHeaders,
      'content-type': 'text/event-stream',
      'x-accel-buffering': 'no', // by nginx
    })
    const watching = live$.subscribe((event) => {
      // What reads too slowly gets the next one: nothing piles up for it.
      if (!response.writableNeedDrain) response.write(event)
    })
    response.on('close', () => {
      clients--
      watching.unsubscribe()
    })
  }
}

async function look(manager: PageManager): Promise<string> {
  try {
    const stats = await manager.stats()
    const seen: LookEvent = { stats, hour: await nextHour(manager, stats.at) }
    return eventOf('look', seen)
  } catch (error) {
    const trouble: TroubleEvent = { message: messageOf(error) }
    return eventOf('trouble', trouble)
  }
}

function eventOf(name: string, data: LookEvent | TroubleEvent): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
