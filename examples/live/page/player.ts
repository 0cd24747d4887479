import { type Place, printLink } from '../run/link.ts'
import { type Action, type ActorName, LONGEST, MOST_ACTIONS, STEP, withAction } from '../run/plan.ts'
import { type Simulation, simulate } from '../run/simulation.ts'

/** Plays a run. All that changes it waits for its turn, so that no two things happen to it at once. */
export interface Player {
  readonly run: Simulation
  /** where the ruler is; the run is at the last step before it */
  readonly now: number
  readonly isPlaying: boolean
  /** the run is over, and something was asked in it */
  readonly isAtEnd: boolean
  /** how fast time passes; 1 is as fast as outside */
  speed: number
  /** whose events the steps go by */
  actor: ActorName
  readonly link: string
  /** Lets time pass, until the run is over; from the beginning where it is. */
  play(isPlaying: boolean): void
  /** Does something now. Where the run had come to its end by itself, it goes on. */
  act(action: ActionNow): Promise<void>
  /** Goes to another time of this run: ahead, or back by running it once more from its beginning. */
  seek(time: number): Promise<void>
  /** Goes to the next, or to the last moment at which something happened to the actor. */
  step(direction: 1 | -1): Promise<void>
  load(place: Place): Promise<void>
}

/** An action without its time, which is now. */
export type ActionNow = Action extends infer Each ? (Each extends Action ? Omit<Each, 'at'> : never) : never

const LONGEST_FRAME = 100 // ms; a page that was away does not run after the time that it missed
const LONGEST_STEP = 2_000

export async function openPlayer(first: Place, changed: (isFrame: boolean) => void): Promise<Player> {
  let { plan, actor } = first
  let run = await simulate(plan)
  let now = 0
  let isPlaying = false
  let hasPlayedOut = false
  let turn = Promise.resolve()

  function inTurn(work: () => Promise<void>, isFrame = false): Promise<void> {
    const done = turn.then(work).then(() => changed(isFrame))
    turn = done.catch(() => {}) // it is told to whoever asked; the next one has its turn
    return done
  }

  const isAtEnd = (): boolean => run.isOver && run.asks.length > 0

  async function goTo(time: number): Promise<void> {
    hasPlayedOut = false
    if (time < run.now) run = await simulate(plan)
    await run.advanceTo(time)
    now = run.now
  }

  /** when something happened to the actor, whoever keeps its alarm */
  const moments = (): number[] =>
    Object.values(run.fleets).flatMap(({ actors }) => actors[actor].timeline.events.map(({ at }) => at))

  async function stepAhead(): Promise<void> {
    const seen = moments().length
    const until = Math.min(run.now + LONGEST_STEP, LONGEST)
    while (run.now < until && moments().length === seen) await run.advanceTo(run.now + STEP)
    now = run.now
  }

  async function load(place: Place): Promise<void> {
    plan = place.plan
    actor = place.actor
    run = await simulate(plan)
    await goTo(place.now)
  }

  let before = 0
  function frame(time: number): void {
    const passed = Math.min(time - before, LONGEST_FRAME)
    before = time
    if (!isPlaying) return
    void inTurn(() => pass(passed), true).then(() => requestAnimationFrame(frame))
  }

  async function pass(ms: number): Promise<void> {
    if (!isPlaying) return
    const next = Math.min(now + ms * player.speed, LONGEST)
    const wasOver = run.isOver // before anything was asked time passes, too
    const isPlayedOut = (): boolean => !wasOver && isAtEnd()
    while (run.now + STEP <= next && !isPlayedOut()) await run.advanceTo(run.now + STEP)
    hasPlayedOut = isPlayedOut()
    now = hasPlayedOut ? run.now : next
    if (hasPlayedOut || now === LONGEST) isPlaying = false
  }

  const player: Player = {
    get run() {
      return run
    },
    get now() {
      return now
    },
    get isPlaying() {
      return isPlaying
    },
    get isAtEnd() {
      return isAtEnd()
    },
    speed: 1,
    get actor() {
      return actor
    },
    set actor(name) {
      actor = name
      changed(false)
    },
    get link() {
      return printLink({ plan, now: run.now, actor })
    },
    play(on) {
      hasPlayedOut = false
      if (on === isPlaying) return
      isPlaying = on
      if (on) {
        if (isAtEnd()) void player.seek(0)
        before = performance.now()
        requestAnimationFrame(frame)
      }
      changed(false)
    },
    act: (asked) =>
      inTurn(async () => {
        if (plan.actions.length === MOST_ACTIONS) return
        const action = { at: run.now, ...asked } as Action
        plan = withAction(plan, action)
        await run.act(action)
        if (hasPlayedOut && !run.isOver) player.play(true)
      }),
    seek: (time) => inTurn(() => goTo(time)),
    step: (direction) =>
      inTurn(async () => {
        if (direction === 1) return stepAhead()
        await goTo(Math.max(0, ...moments().filter((at) => at < run.now)))
      }),
    load: (place) => inTurn(() => load(place)),
  }
  await goTo(first.now)
  return player
}
