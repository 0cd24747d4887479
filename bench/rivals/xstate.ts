import { type ActorRefFrom, assign, createActor, fromPromise, setup, waitFor } from 'xstate'
import { type AlarmTime, isBefore, type Ports, rival } from '../rival.ts'

interface Context {
  readonly ports: Ports
  readonly desired: AlarmTime
  readonly committed: AlarmTime
  readonly bound: AlarmTime
  /** what the call in flight carries */
  readonly carries: AlarmTime
}

/** The same three rules as a statechart, one call at a time: intents replace a number, and the next state follows from it. */
const machine = setup({
  types: {
    context: {} as Context,
    input: {} as { ports: Ports; initial: AlarmTime },
    events: {} as { type: 'set'; time: AlarmTime },
  },
  actors: {
    commit: fromPromise<never, Context>(({ input }) => input.ports.commit(input.carries) as Promise<never>),
    write: fromPromise<never, Context>(({ input }) => input.ports.write(input.carries) as Promise<never>),
  },
  actions: {
    carryDesired: assign({ carries: ({ context }) => context.desired }),
    raiseBound: assign({
      bound: ({ context }) => context.committed,
      carries: ({ context }) => context.committed,
    }),
    boundReached: assign({ bound: ({ context }) => context.carries }),
    committed: assign({ committed: ({ context }) => context.carries }),
  },
  guards: {
    isEarlier: ({ context }) => isBefore(context.desired, context.bound),
    isUncommitted: ({ context }) => context.desired !== context.committed,
    isBehind: ({ context }) => isBefore(context.bound, context.committed),
  },
}).createMachine({
  context: ({ input: { ports, initial } }) => ({
    ports,
    desired: initial,
    committed: initial,
    bound: initial,
    carries: initial,
  }),
  on: { set: { actions: assign({ desired: ({ event }) => event.time }) } },
  initial: 'quiet',
  states: {
    quiet: {
      always: [
        { guard: 'isEarlier', target: 'precommitting', actions: 'carryDesired' },
        { guard: 'isUncommitted', target: 'committing', actions: 'carryDesired' },
        { guard: 'isBehind', target: 'following', actions: 'raiseBound' },
      ],
    },
    precommitting: {
      invoke: {
        src: 'write',
        input: ({ context }) => context,
        onDone: { target: 'quiet', actions: 'boundReached' },
      },
    },
    committing: {
      invoke: {
        src: 'commit',
        input: ({ context }) => context,
        onDone: { target: 'quiet', actions: 'committed' },
      },
    },
    following: {
      invoke: { src: 'write', input: ({ context }) => context, onDone: 'quiet' },
    },
  },
})

class Machine {
  readonly ref: ActorRefFrom<typeof machine>

  constructor(ports: Ports, initial: AlarmTime) {
    this.ref = createActor(machine, { input: { ports, initial } }).start()
  }

  set(time: AlarmTime): void {
    this.ref.send({ type: 'set', time })
  }

  delete(): void {
    this.set(null)
  }
}

export default rival<Machine>({
  open: (ports, initial) => new Machine(ports, initial),
  drained: (actor) => waitFor(actor.ref, (snapshot) => snapshot.matches('quiet')),
})
