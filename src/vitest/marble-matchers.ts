import type { Values } from './values.ts'

/**
 * The matchers that `import 'nolater/vitest'` adds. An `import type` alone adds nothing: TypeScript takes it out.
 *
 * A diagram is played when it is compared, in virtual time, so it is never too late for an expectation.
 */
export interface MarbleMatchers<R = unknown> {
  /**
   * Runs in virtual time, and compares with a diagram.
   *
   * - Of lanes, which is what has several lines or begins with the name of a lane or of a header line and a blank: a scenario for your
   *   actor. Give the function that opens it on a `ConfigUnderTest`, an `AlarmConfig` with a clock; it is called again for each play, and
   *   within a play for each reopening. After `where t = touch` a `t` in the `ask` lane calls its `touch()`, without arguments. Store,
   *   manager and handler answer as drawn; without a `handler` lane the actor's own `deliver` runs. Without a `title` it has the test's name.
   * - Of one line: what an Observable does, in RxJS's notation, one column a ms; `!` is where the subscriber leaves. Give an
   *   Observable, or a function that makes one of `cold`, `hot`, `time` and `scheduler`; `values` says what letters stand for, `#` included;
   *   without letters in it each stands for itself.
   *
   * Values are compared as `toEqual` compares them, and closer where that sees nothing: buffers by their bytes, instances without keys by
   * their class and what they say of themselves (`toJSON`, `valueOf`, `toString`). A promise, an iterator, a Blob or a Response is equal to
   * itself only; `expect.any(Blob)` takes any.
   *
   * What an actor does of its own it does by the clock, which reads `clock` in the first column (default 0) and moves on by `column`
   * (default 1 ms) with each. So in a diagram that has one of these lines, that calls a method or that runs the actor's own `deliver`, a
   * `wake` before its time is a fault, and so is one for a time that the manager has not held since that was due, without a write of it
   * under way. In all others times are only earlier or later than each other.
   *
   * Fails, besides when there is a difference: for a letter without a value and a value without a letter, for what is left open at the end
   * (timers, subscriptions), for a run that never ends, and when real time gets in: promises, `Date.now()`, `performance.now()`,
   * `setTimeout`. For promises there is `toMatchMarblesAsync`.
   *
   * ```ts
   * expect(openAlarm).toMatchMarbles(`
   *   ask      5---2---
   *   commit   -5|--2|-
   *   write    5|--2|--
   * `)
   * expect(({ cold }: MarbleRun) => cold('-a-b|').pipe(delay(2))).toMatchMarbles('---a-(b|)')
   * ```
   */
  toMatchMarbles(text: string, values?: Values): R

  /**
   * Like `toMatchMarbles`, for what waits for promises: an actor's `async` methods and handlers, a `commit` or `write` that return promises,
   * `firstValueFrom`, `from(promise)`, async iterables. Between all that happens, each promise settles that can.
   *
   * To be awaited, one at a time; a test that ends before it fails. Real timers and `fetch` are refused still; what else waits for the world
   * outside does not settle. A chain of promises that never ends fails (`await` of plain values in a loop without end is not noticed).
   *
   * ```ts
   * await expect(() => from([1, 2])).toMatchMarblesAsync('(ab|)', { a: 1, b: 2 })
   * ```
   */
  toMatchMarblesAsync(text: string, values?: Values): Promise<R>

  /**
   * Like `toMatchMarbles`, with a diagram that `npx vitest run FILE -u` writes. For an actor write the `ask` lane, where each `wake`
   * begins, and what is to be answered otherwise than in the next column; the rest is filled in, and a time that has no mark gets a letter
   * in `where`. What a process does not live to see answered stays cut. For an Observable write nothing, or `---!` to leave it.
   *
   * What is written is played once more, and refused where the actor did not do the same: it is opened again for each play, so its state
   * belongs inside the function that opens it, or in `config.store`. What is there already is played once, and compared.
   *
   * ```ts
   * expect(openAlarm).toMatchMarblesInlineSnapshot(`ask   5---2---`)
   * ```
   */
  toMatchMarblesInlineSnapshot(text?: string): R

  /**
   * Compares when a source of `cold` or `hot` was subscribed to, one diagram a subscription, in order; `[]` for none.
   *
   * ```ts
   * let source: MarbleSource<string> | undefined
   * expect(({ cold }: MarbleRun) => {
   *   source = cold('-a-b|')
   *   return concat(source.pipe(take(1)), source)
   * }).toMatchMarbles('-aa-b|')
   * expect(source).toHaveSubscriptions(['^!', '-^---!'])
   * ```
   */
  toHaveSubscriptions(marbles: string | readonly string[]): R

  /**
   * Expects that the manager was at no moment later than the store, as far as events can tell: of a Timeline, of what
   * `recordTimeline()` returns, or of a list of AlarmEvents. A failure draws the moments before it.
   *
   * ```ts
   * const recording = recordTimeline(alarm.events$)
   * alarm.set(60_000)
   * expect(recording).toBeNeverLate()
   * ```
   */
  toBeNeverLate(): R
}

// Where every Vitest from 3 on takes them from: its own interface of matchers has other parameters in 5 than before.
declare global {
  namespace Chai {
    interface Assertion extends MarbleMatchers<void> {}
  }
}
