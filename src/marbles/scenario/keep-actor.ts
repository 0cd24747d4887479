import { Subject, Subscription } from 'rxjs'
import { type AlarmIntent, deleteAlarm, setAlarm, touchAlarm } from '../../index.ts'
import { kindOf, type LaneName, marksOf, type Scenario } from './format.ts'
import { rival } from './rival.ts'
import type { Actor, Engine, Stage } from './stage.ts'

const intents: readonly LaneName[] = ['ask', 'unconfirmed', 'touch', 'rival']

/** Whether a stream of intents can say all that the diagram does. */
export const isOnlyIntents = ({ lanes }: Scenario): boolean =>
  lanes.every(({ name, spans }) => {
    const { role } = kindOf(name)
    if (name === 'life') return spans.every((span) => span[0].at === 0 || marksOf(span) === '#')
    return role === 'called' ? name !== 'handler' : role === 'seen' || intents.includes(name)
  })

/** What cannot be seen through an operator. */
export const unseenByKeepAlarm: readonly LaneName[] = ['reads', 'refused']

/** An actor through `keepAlarm`. */
export function keepActor(stage: Stage, { keepAlarm }: Engine): Actor {
  const { scale } = stage
  const intents$ = new Subject<AlarmIntent>()
  const life = new Subscription()
  let ended = false

  const open = (): void => {
    life.add(
      intents$.pipe(keepAlarm(stage.config())).subscribe({
        next: (event) => stage.observe(event),
        error: (error) => stage.broke(error),
        complete() {
          ended = true
        },
      }),
    )
  }

  const intentOf = (lane: LaneName, mark: string): AlarmIntent => {
    if (lane === 'touch') return touchAlarm({ allowUnconfirmed: mark === 'u' })
    const options = { allowUnconfirmed: lane === 'unconfirmed' }
    const time = scale.timeOf(mark)
    return time === null ? deleteAlarm(options) : setAlarm(time, options)
  }

  return {
    act(lane, mark) {
      if (lane === 'rival') rival(stage, mark)
      else if (lane !== 'life') intents$.next(intentOf(lane, mark))
      else if (mark === '^') open()
      return undefined
    },
    reads: () => null,
    isDrained() {
      if (stage.broken.length > 0) return null
      intents$.complete()
      return ended
    },
    end: () => life.unsubscribe(),
  }
}
