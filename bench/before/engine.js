// nolater at 0c3ab1b, the engine before its pipe decided: what bench/before/before.ts measures beside the sources of today. Built, not written.

// .old/src/actor/keep-alarm.ts
import { noop, Observable as Observable7, Subscription as Subscription3 } from "rxjs";

// .old/src/operators/end-inputs.ts
function endInputs(inputs, pass) {
  if (inputs.closed) return;
  try {
    inputs.unsubscribe();
  } finally {
    pass();
  }
}

// .old/src/operators/listen.ts
import { Subscriber } from "rxjs";
function listen(input, inputs, observer) {
  const own = new Subscriber(observer);
  inputs.add(own);
  if (own.closed) return own;
  try {
    input.subscribe(own);
  } catch (error) {
    observer.error(error);
  }
  return own;
}

// .old/src/operators/report-uncaught.ts
function reportUncaught(call) {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

// .old/src/vocabulary/safe-field.ts
function fieldOf(value, name) {
  try {
    return value?.[name];
  } catch {
    return void 0;
  }
}

// .old/src/vocabulary/given.ts
function given(value) {
  if (typeof value === "number" || value === null || value === void 0) return String(value);
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}\u2026` : value);
  return isDate(value) ? "an invalid Date" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}
function isDate(value) {
  try {
    return Object.prototype.toString.call(value) === "[object Date]";
  } catch {
    return false;
  }
}
var LISTED = 10;
function listed(keys) {
  const more = keys.length - LISTED;
  return keys.slice(0, LISTED).map(given).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
function reason(cause) {
  const message = typeof cause === "object" ? fieldOf(cause, "message") : void 0;
  return typeof message === "string" ? message.replace(/\.$/, "") : given(cause);
}

// .old/src/vocabulary/errors.ts
var AlarmError = class extends Error {
  name = "AlarmError";
  code;
  constructor(code, message, options) {
    super(message, options && "cause" in options ? { cause: options.cause } : void 0);
    this.code = code;
    if (options?.counted === false) this.counted = false;
    if (options?.passes === true) this.passes = true;
    if (options?.keys !== void 0) this.keys = options.keys;
  }
};
var AlarmFencedError = class extends AlarmError {
  name = "AlarmFencedError";
  key;
  /** of the write that was refused */
  fence;
  constructor(key, fence, held) {
    super(
      "ALARM_FENCED",
      `The manager refused fence ${fence} of ${given(key)}${held === void 0 ? "" : `, it holds ${held}`}: another incarnation owns this actor, or its store is older than the manager (restored from a backup, or begun again). Stop this one, or open it again from its store, which raises the epoch.`,
      { counted: false }
    );
    this.key = key;
    this.fence = fence;
    if (held !== void 0) this.held = held;
  }
};
var isClosed = (error) => error instanceof AlarmError && error.code === "ALARM_CLOSED";
function isFenced(error) {
  return typeof error === "object" && fieldOf(error, "code") === "ALARM_FENCED";
}
function heldFence(error) {
  const held = fieldOf(error, "held");
  return isFenced(error) && typeof held === "number" ? held : void 0;
}

// .old/src/vocabulary/check-names.ts
var BRINGS = /* @__PURE__ */ Symbol.for("nolater.brings");
function checkNames(what, options, known) {
  if (options === void 0 || !isPlain(options)) return;
  const brought = options[BRINGS] ?? {};
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name) || Object.hasOwn(brought, name)) continue;
    throw unknown(what, name, Object.keys(known));
  }
}
function checkConfirmation(options) {
  if (options !== void 0) checkNames("What goes with an alarm", options, confirmation);
}
var confirmation = { allowUnconfirmed: true };
function isPlain(options) {
  if (typeof options !== "object" || options === null) return false;
  const prototype = Object.getPrototypeOf(options);
  return prototype === Object.prototype || prototype === null;
}
function unknown(what, name, known) {
  const [nearest] = known.map((each) => ({ each, distance: distance(name.toLowerCase(), each.toLowerCase()) })).filter(({ each, distance: distance2 }) => distance2 <= Math.max(name.length, each.length) / 2).sort((a, b) => a.distance - b.distance);
  const advice = nearest === void 0 ? "" : ` Did you mean ${nearest.each}?`;
  return new AlarmError(
    "ALARM_CONFIG_INVALID",
    `${what} has no option ${given(name)}.${advice} Known: ${known.join(", ")}.`
  );
}
function distance(a, b) {
  let [before, row] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        next[j] = Math.min(next[j], before[j - 2] + 1);
      }
    }
    ;
    [before, row] = [row, next];
  }
  return row[b.length];
}

// .old/src/vocabulary/error-of.ts
function timeError(time, message = `An alarm time is a whole number of milliseconds since the epoch, 0 or more, or a valid Date; given ${given(time)}. To remove the alarm use delete().`) {
  return new AlarmError("ALARM_TIME_INVALID", message);
}
function configError(what, expected, value) {
  return new AlarmError("ALARM_CONFIG_INVALID", `${what} must be ${expected}; given ${given(value)}.`);
}
function precommitError(key, time, cause) {
  const message = `The manager did not take the earlier alarm ${time} of ${given(key)}, so it was not committed: ${reason(cause)}. Open the alarm again from its store; a fleet does so when it is asked next.`;
  return uncounted("ALARM_PRECOMMIT_FAILED", message, cause);
}
function commitError(key, time, cause) {
  const message = `The store did not commit the alarm ${time} of ${given(key)}: ${reason(cause)}. Open the alarm again from its store; a fleet does so when it is asked next.`;
  return uncounted("ALARM_COMMIT_FAILED", message, cause);
}
function writeError(key, time, cause) {
  const message = `The manager did not take the alarm ${time} of ${given(key)}, so its delivery stays open: ${reason(cause)}. Nothing is lost: answer the manager with this error and it delivers again.`;
  return uncounted("ALARM_WRITE_FAILED", message, cause);
}
function internalError(key, cause) {
  const message = `The alarm of ${given(key)} is broken by what was thrown while it was being kept: ${reason(cause)}. Nothing that was not durable is done. Open the alarm again from its store; a fleet does so when it is asked next.`;
  return uncounted("ALARM_INTERNAL", message, cause);
}
function closedError(key) {
  const message = `The alarm of ${given(key)} was closed. Open it again from its store.`;
  return new AlarmError("ALARM_CLOSED", message, { counted: false });
}
function loadingError(key) {
  const message = `The alarm of ${given(key)} is being loaded, so its time is not known yet. Wait for confirmed(), then ask again.`;
  return new AlarmError("ALARM_LOADING", message, { counted: false });
}
function loadError(key, cause) {
  const message = `The store did not load the alarm of ${given(key)}, so nothing asked of it was done: ${reason(cause)}. Ask again, and it is loaded again.`;
  return uncounted("ALARM_LOAD_FAILED", message, cause);
}
function timeoutError(what, timeout2) {
  const message = `${what} must complete within the timeout of ${timeout2} ms; it did not answer, and was unsubscribed. What it asked for may still be done: see why it is slow, or give a longer timeout.`;
  return new AlarmError("ALARM_TIMEOUT", message, { counted: false });
}
function uncounted(code, message, cause) {
  return new AlarmError(code, message, { cause, counted: false });
}

// .old/src/vocabulary/time.ts
function isBefore(a, b) {
  return a !== null && (b === null || a < b);
}
function moveTo(time, bound) {
  if (time === bound) return "same";
  return isBefore(time, bound) ? "earlier" : "later";
}
function checkTime(time) {
  const ms = typeof time === "number" ? time : millisecondsOf(time);
  if (!Number.isSafeInteger(ms) || ms < 0) throw timeError(time);
  return ms + 0;
}
function millisecondsOf(date) {
  try {
    return Date.prototype.getTime.call(date);
  } catch {
    return Number.NaN;
  }
}
function checkAlarmTime(time) {
  return time === null ? null : checkTime(time);
}
function printTime(time) {
  return time === null ? "none" : given(time);
}

// .old/src/vocabulary/time-in.ts
function checkDelay(ms) {
  if (Number.isSafeInteger(ms) && ms >= 0) return ms;
  throw timeError(
    ms,
    `A delay is a whole number of milliseconds from now, 0 or more; given ${given(ms)}. For a time since the epoch use set().`
  );
}
function timeIn(ms, now) {
  const time = Math.ceil(now) + checkDelay(ms);
  if (Number.isSafeInteger(time) && time >= 0) return time;
  throw timeError(
    time,
    `${given(ms)} ms from now, ${given(now)} by the clock, is no time that an alarm can have: the sum must be a safe integer, 0 or more. Give a shorter delay; a clock of your own must count milliseconds since the epoch.`
  );
}

// .old/src/vocabulary/intent.ts
function setAlarm(time, options) {
  checkConfirmation(options);
  return { ...options, kind: "set", time: checkTime(time) };
}
function setAlarmIn(ms, options) {
  checkConfirmation(options);
  return { ...options, kind: "set-in", delay: checkDelay(ms) };
}
function deleteAlarm(options) {
  checkConfirmation(options);
  return { ...options, kind: "delete" };
}
function touchAlarm(options) {
  checkConfirmation(options);
  return { ...options, kind: "touch" };
}
function wantedTime(intent, clock, check = checkTime) {
  if (intent?.kind === "set") return check(intent.time);
  if (intent?.kind === "set-in") return timeIn(intent.delay, clock.now());
  if (intent?.kind === "delete") return null;
  if (intent?.kind === "touch") return void 0;
  throw new AlarmError(
    "ALARM_INTENT_INVALID",
    `An intent is what setAlarm(time), setAlarmIn(ms), deleteAlarm() or touchAlarm() returns; given ${given(intent)}.`
  );
}
function settled(intent, time) {
  if (time === null || intent.kind === "touch" || intent.kind === "set" && intent.time === time)
    return intent;
  const { delay: _, ...rest } = intent;
  return { ...rest, kind: "set", time };
}

// .old/src/actor/config.ts
import { asyncScheduler } from "rxjs";

// .old/src/vocabulary/fence.ts
var SEQUENCES = 2 ** 22;
var EPOCHS = 2 ** 31;
function checkEpoch(epoch) {
  if (Number.isInteger(epoch) && epoch >= 0 && epoch < EPOCHS) return epoch;
  const wanted = `a whole number from 0 to ${EPOCHS - 1}, raised by the store at each opening`;
  throw configError("epoch", wanted, epoch);
}
function fenceOf(epoch, sequence, spare = 0) {
  if (sequence < SEQUENCES * (spare + 1)) return epoch * SEQUENCES + sequence;
  throw new AlarmError(
    "ALARM_FENCE_EXHAUSTED",
    `Epoch ${epoch} has used all its ${SEQUENCES - 1} manager writes. Open the alarm again with a higher epoch, or give \`raise\`, which takes one while it is open.`,
    { counted: false }
  );
}
function needsEpoch(sequence, spare, early) {
  return sequence >= SEQUENCES * (spare + (early ? 0.5 : 1));
}
var FARTHEST = 2 ** 26;
function epochAbove(held, epoch) {
  if (!Number.isSafeInteger(held)) return null;
  const above = Math.floor(held / SEQUENCES) + 1;
  return above > epoch && above - epoch <= FARTHEST && above < EPOCHS ? above : null;
}
function sequenceOf(epoch, fence) {
  return fence - epoch * SEQUENCES;
}

// .old/src/vocabulary/key.ts
var MAX_KEY = 1024;
function checkKey(key) {
  if (typeof key !== "string" || key.length > MAX_KEY || !key.isWellFormed()) {
    const fault = typeof key !== "string" ? given(key) : key.length > MAX_KEY ? `${key.length} of them` : "a lone surrogate";
    throw new AlarmError(
      "ALARM_KEY_INVALID",
      `A key is a string of at most ${MAX_KEY} UTF-16 units and well-formed Unicode; given ${fault}. Hash longer names.`
    );
  }
  return key;
}

// .old/src/vocabulary/milliseconds.ts
var MAX_TIMER = 2 ** 31 - 1;
function checkMilliseconds(name, value) {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw configError(name, "a whole number of milliseconds, 1 or more", value);
  }
  return value;
}
function timerMilliseconds(name, value) {
  return Math.min(checkMilliseconds(name, value), MAX_TIMER);
}

// .old/src/actor/config.ts
var clockOf = (config) => config.scheduler ?? asyncScheduler;
var retriesOf = (config) => config.retry?.count ?? 4;
var MINUTE = 6e4;
function restOf(config, attempt) {
  const delay = config.retry?.delay?.(attempt) ?? Math.min(1e3 * 2 ** (attempt - 1), MINUTE);
  if (typeof delay !== "number" || !(delay >= 0)) {
    throw configError("What retry.delay returns", "a number of milliseconds, 0 or more", delay);
  }
  return Math.min(delay, MAX_TIMER);
}
var retryNames = { count: true, delay: true };
var sharedNames = {
  commit: true,
  write: true,
  raise: true,
  reconcile: true,
  retry: true,
  timeout: true,
  scheduler: true
};
var alarmNames = { ...sharedNames, key: true, initial: true, epoch: true };
function checkAlarmConfig(config) {
  checkConfig(config);
  checkNames("The config of an alarm", config, alarmNames);
}
function checkConfig(config) {
  if (typeof config !== "object" || config === null) {
    throw configError("The config", "an object with commit and write", config);
  }
  for (const name of ["commit", "write"]) {
    if (typeof config[name] !== "function") {
      throw configError(name, "a function that returns an Observable, a promise or an iterable", config[name]);
    }
  }
  const { key, initial, epoch, raise, reconcile, retry, timeout: timeout2, scheduler } = config;
  if (raise !== void 0 && typeof raise !== "function") {
    throw configError("raise", "a function from the least epoch to the one that is durable", raise);
  }
  if (timeout2 !== void 0) timerMilliseconds("timeout", timeout2);
  if (key !== void 0) checkKey(key);
  if (initial !== void 0) checkAlarmTime(initial);
  if (epoch !== void 0) checkEpoch(epoch);
  if (reconcile !== void 0 && typeof reconcile !== "boolean") {
    throw configError("reconcile", "true or false", reconcile);
  }
  if (retry !== void 0 && (typeof retry !== "object" || retry === null)) {
    throw configError("retry", "an object with count and delay", retry);
  }
  checkNames("retry", retry, retryNames);
  if (retry?.count !== void 0 && (!Number.isInteger(retry.count) || retry.count < 0) && retry.count !== Infinity) {
    throw configError("retry.count", "a whole number, 0 or more, or Infinity", retry.count);
  }
  if (retry?.delay !== void 0 && typeof retry.delay !== "function") {
    throw configError("retry.delay", "a function from the attempt to milliseconds", retry.delay);
  }
  if (scheduler !== void 0 && (typeof scheduler?.now !== "function" || typeof scheduler.schedule !== "function")) {
    throw configError("scheduler", "an RxJS scheduler", scheduler);
  }
}

// .old/src/actor/keeper.ts
import { Observable as Observable6 } from "rxjs";

// .old/src/operators/reached.ts
import { throwError } from "rxjs";
var reached = /* @__PURE__ */ new WeakSet();
var thrown = /* @__PURE__ */ new WeakSet();
var isKnown = (error, to) => to.has(error);
function markReached(error) {
  if (typeof error === "object" && error !== null) reached.add(error);
}
function throwing(error) {
  if (typeof error === "object" && error !== null) thrown.add(error);
  return error;
}
function reportUnlessReached(error) {
  queueMicrotask(() => {
    if (!isKnown(error, reached) && !isKnown(error, thrown)) reportUnhandled(error);
  });
}
function reportUnhandled(error) {
  throwError(() => error).subscribe();
}

// .old/src/operators/from-user.ts
import { EMPTY, from, throwError as throwError2 } from "rxjs";

// .old/src/operators/async-context.ts
var { AsyncResource } = hooks();
function hooks() {
  const { process } = globalThis;
  return process?.getBuiltinModule?.("node:async_hooks") ?? {};
}
var theOnlyOne = { runInAsyncScope: (work) => work() };
var currentContext = () => AsyncResource === void 0 ? theOnlyOne : new AsyncResource("nolater");
var outside = currentContext();

// .old/src/operators/from-user.ts
function fromUser(name, call) {
  try {
    return fromInput(name, call());
  } catch (error) {
    return throwError2(() => error);
  }
}
function runUser(name, call, end) {
  let isOver = false;
  const once = (notify) => {
    if (isOver) return;
    isOver = true;
    notify();
  };
  const complete = (_) => once(() => end.complete());
  const failed2 = (error) => once(() => end.error(error));
  const next = (value) => end.next?.(value);
  try {
    const input = outside.runInAsyncScope(call);
    if (input === EMPTY) complete();
    else if (isPromise(input))
      input.then(end.next === void 0 ? complete : (value) => complete(next(value)), failed2);
    else
      return outside.runInAsyncScope(
        () => fromInput(name, input).subscribe({ next, complete, error: failed2 })
      );
  } catch (error) {
    if (isOver) reportUnhandled(error);
    else failed2(error);
  }
  return null;
}
function isPromise(input) {
  try {
    return input instanceof Promise;
  } catch {
    return false;
  }
}
function fromInput(name, input) {
  try {
    return from(input);
  } catch (cause) {
    const message = `${name} must return an Observable, a promise or an iterable (EMPTY when done at once); it returned`;
    return throwError2(() => new AlarmError("ALARM_RETURN_INVALID", `${message} ${given(input)}.`, { cause }));
  }
}

// .old/src/actor/within-time.ts
import { asyncScheduler as asyncScheduler2, EMPTY as EMPTY2, Observable } from "rxjs";
function withinTime(config, name, call) {
  const { timeout: timeout2, scheduler = asyncScheduler2 } = config;
  const input = call();
  if (timeout2 === void 0 || input === EMPTY2) return input;
  return new Observable((subscriber) => {
    const awaited = fromUser(name, () => input).subscribe({
      next: (value) => subscriber.next(value),
      error: (error) => subscriber.error(error),
      complete: () => subscriber.complete()
    });
    if (subscriber.closed) return;
    subscriber.add(awaited);
    const limit = scheduler.schedule(
      () => {
        reportUncaught(() => awaited.unsubscribe());
        subscriber.error(timeoutError(name, timeout2));
      },
      Math.min(timeout2, MAX_TIMER)
    );
    subscriber.add(limit);
  });
}

// .old/src/actor/commit.ts
function issueCommit(keeper, work) {
  const { key, epoch, config, desired: time } = keeper;
  const covers = work.asked;
  const issuedAt = keeper.observedAt();
  work.committing = true;
  work.commits = time;
  work.touched = false;
  if (keeper.telemetry !== null) keeper.tell({ kind: "commit-issued", time });
  const commit = runUser(
    "commit",
    () => withinTime(config, "commit", () => config.commit(time, { key, epoch })),
    {
      complete() {
        if (keeper.work !== work) return;
        work.committing = false;
        const { committed: replaced, bound } = keeper;
        const isSuperseded = work.behind;
        keeper.committed = time;
        work.covered = covers;
        work.behind = isBefore(bound, time);
        if (keeper.telemetry !== null) {
          keeper.tell({ kind: "commit-acknowledged", time, took: keeper.took(issuedAt) });
          if (isSuperseded) keeper.tell({ kind: "superseded", before: "write", time: replaced, by: time });
        }
        keeper.settle();
      },
      error(cause) {
        if (keeper.work !== work) return;
        if (keeper.telemetry !== null) {
          keeper.tell({ kind: "commit-failed", time, took: keeper.took(issuedAt), error: cause });
        }
        if (isFenced(cause)) return keeper.fail(cause);
        keeper.fail(commitError(key, printTime(time), cause));
      }
    }
  );
  if (keeper.work !== work) commit?.unsubscribe();
  else if (work.committing) work.commit = commit;
}

// .old/src/actor/rules.ts
var idle = {
  committing: false,
  commits: null,
  writing: false,
  owed: false,
  resting: false,
  touched: false,
  again: false
};
function nextStep(alarm, flight) {
  if (isEarlier(alarm, flight)) return flight.writing ? null : "precommit";
  if (alarm.desired !== alarm.committed || flight.touched) return flight.committing ? null : "commit";
  if (flight.committing || flight.writing || flight.resting) return null;
  return isBefore(alarm.bound, alarm.committed) || flight.owed ? "later" : null;
}
function isEarlier({ desired, bound }, { again }) {
  return again || isBefore(desired, bound);
}
function isClean(alarm, flight) {
  if (flight.committing && flight.commits !== alarm.committed) return false;
  return alarm.desired === alarm.committed;
}
function isConfirmed(alarm, flight) {
  return alarm.desired === alarm.committed && !flight.committing && !flight.touched;
}
function isDrained(alarm, flight) {
  return isConfirmed(alarm, flight) && !flight.writing && !flight.resting && nextStep(alarm, flight) === null;
}

// .old/src/actor/telemetry.ts
import { Observable as Observable2, Subject } from "rxjs";
function openTelemetry(unobserved) {
  const subject = new Subject();
  let noted = [];
  let isTelling = false;
  let end = null;
  function flush() {
    if (isTelling) return;
    isTelling = true;
    while (noted.length > 0) {
      const events = noted;
      noted = [];
      for (const event of events) reportUncaught(() => subject.next(event));
    }
    isTelling = false;
    end?.();
  }
  function endWith3(notify) {
    end = notify;
    flush();
  }
  return {
    events$: new Observable2((subscriber) => {
      subject.subscribe(subscriber);
      subscriber.add(() => {
        if (!subject.observed) unobserved();
      });
    }),
    note: (event) => noted.push(event),
    flush,
    error: (error) => endWith3(() => subject.error(error)),
    complete: () => endWith3(() => subject.complete())
  };
}

// .old/src/actor/waiting.ts
import { Observable as Observable3 } from "rxjs";

// .old/src/actor/work.ts
import { Subscription } from "rxjs";
var Work = class {
  committing = false;
  commits = null;
  writing = false;
  owed = false;
  resting = false;
  touched = false;
  again = false;
  /** of the later write: how often it was tried */
  attempt = 0;
  lastError = void 0;
  /** the time that the write in flight carries, and whether it is a precommit */
  carries = null;
  isPrecommit = false;
  /** what is committed is later than what was written to the manager: a later move waits */
  behind = false;
  /** since when a precommit is held, by the clock */
  heldAt = null;
  /** intents asked, the newest that closes the gate, and how many are durable */
  asked = 0;
  gated = 0;
  covered = 0;
  /** something was issued since the alarm was drained last */
  stirred = false;
  /** the rules are being applied; and something has happened that they have not seen yet */
  settling = false;
  unsettled = false;
  run = null;
  /** the last write before the alarm was abandoned, until its deletion is durable */
  abandoned = null;
  commit = null;
  write = null;
  rest = null;
  /** the pipe, while a move waits for the write in flight */
  writer = null;
  /** what waits for all to be durable, or to be with the manager; and how many of them have not left */
  waiting = null;
  waits = 0;
  /** All of it, also when a user's teardown throws on the way. */
  close() {
    const all = new Subscription();
    for (const under of [this.commit, this.write, this.rest, this.writer]) {
      all.add(() => under instanceof Subscription ? under.unsubscribe() : under?.close());
    }
    all.unsubscribe();
  }
};

// .old/src/actor/waiting.ts
function waitUntil(keeper, ready) {
  return new Observable3((subscriber) => {
    if (keeper.failure !== null) {
      markReached(keeper.failure);
      return subscriber.error(keeper.failure);
    }
    const waiter = { ready, subscriber };
    if (look(waiter)) return;
    waiter.context = currentContext();
    keeper.work ??= new Work();
    const { work } = keeper;
    work.waiting ??= [];
    work.waiting.push(waiter);
    work.waits++;
    subscriber.add(() => {
      work.waits--;
      forget(work);
      keeper.drop(work);
    });
  });
}
function lookAgain({ waiting }) {
  if (waiting === null) return;
  for (let i = 0; i < waiting.length; i++) look(waiting[i]);
}
function forget(work) {
  const { waiting, waits } = work;
  if (waits === 0) work.waiting = null;
  else if (waiting !== null && waits < waiting.length / 2) {
    work.waiting = waiting.filter(({ subscriber }) => !subscriber.closed);
  }
}
function failAll(work, error) {
  for (const waiter of [...work?.waiting ?? []]) tell(waiter, () => waiter.subscriber.error(error));
}
function look(waiter) {
  const { ready, subscriber } = waiter;
  if (subscriber.closed || !ready()) return subscriber.closed;
  tell(waiter, () => {
    subscriber.next();
    subscriber.complete();
  });
  return true;
}
function tell({ context }, call) {
  if (context === void 0) reportUncaught(call);
  else context.runInAsyncScope(() => reportUncaught(call));
}

// .old/src/actor/writer.ts
import {
  BehaviorSubject,
  concatMap as concatMap2,
  map,
  merge,
  Observable as Observable5,
  Subject as Subject2,
  startWith
} from "rxjs";

// .old/src/operators/hold-until.ts
import { from as from2 } from "rxjs";

// .old/src/operators/hold.ts
import { Observable as Observable4, Subscription as Subscription2 } from "rxjs";
function hold(open, keep = "all") {
  return (source) => new Observable4((subscriber) => {
    const inputs = new Subscription2();
    let sourceEnded = false;
    let releasing = false;
    let first = null;
    let last2 = null;
    function add(value) {
      if (keep === "all" && first !== null) last2.next = value;
      else first = value;
      last2 = value;
    }
    function release() {
      if (releasing) return;
      releasing = true;
      try {
        while (first !== null && !inputs.closed && latch.isOpen(first.mark)) {
          const { value, context } = first;
          first = first.next;
          if (context === null) subscriber.next(value);
          else context.runInAsyncScope(() => subscriber.next(value));
        }
      } finally {
        releasing = false;
      }
      if (inputs.closed) return;
      if (first !== null) latch.wait(first.mark);
      else if (sourceEnded) endInputs(inputs, () => subscriber.complete());
    }
    function fail(error) {
      endInputs(inputs, () => subscriber.error(error));
    }
    subscriber.add(inputs);
    const latch = open({ release, fail, inputs });
    listen(source, inputs, {
      next(value) {
        const mark = latch.mark(first === null);
        if (inputs.closed) return;
        const leavesNow = first === null && !releasing && latch.isOpen(mark);
        add({ value, mark, context: leavesNow ? null : currentContext(), next: null });
        release();
      },
      error: fail,
      complete() {
        sourceEnded = true;
        release();
      }
    });
  });
}

// .old/src/operators/hold-until.ts
function holdUntil(open$, keep) {
  return hold(({ release, fail, inputs }) => {
    let open = false;
    let ended = false;
    listen(from2(open$), inputs, {
      next(state) {
        open = state;
        release();
      },
      error: fail,
      complete() {
        ended = true;
        release();
      }
    });
    return {
      mark: () => null,
      isOpen: () => open,
      wait() {
        if (ended) fail(shutForGood());
      }
    };
  }, keep);
}
function shutForGood() {
  return new AlarmError(
    "ALARM_CONFIG_INVALID",
    "A signal must say true before it completes, or not complete, while values wait for it; given one that completed on false. They can never leave now: let the signal go on for as long as the source."
  );
}

// .old/src/operators/gate.ts
function gate(open$) {
  return holdUntil(open$, "all");
}

// .old/src/operators/latest-when.ts
function latestWhen(ready$) {
  return holdUntil(ready$, "newest");
}

// .old/src/actor/raise-epoch.ts
import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY as EMPTY3,
  ignoreElements,
  of,
  tap
} from "rxjs";
function writeRaised(keeper, fence, early, write, raised) {
  const { config, epoch, spare } = keeper;
  if (config.raise === void 0) return write(fence);
  if (needsEpoch(keeper.issued, spare, early)) return writeWithOneMore(keeper, fence, write);
  if (keeper.raisedTo !== 0 || spare > 0) return write(fence);
  return fromUser("write", () => write(fence)).pipe(
    catchError((error) => {
      const held = heldFence(error);
      const least = held === void 0 ? null : epochAbove(held, epoch);
      if (held === void 0 || least === null) throw error;
      return raiseTo(keeper, least).pipe(
        concatMap((to) => {
          const above = fenceOf(to, keeper.issued);
          keeper.raisedTo = to;
          if (keeper.telemetry !== null) keeper.tell({ kind: "epoch-raised", held, epoch: to, fence: above });
          raised(above);
          return fromUser("write", () => write(above));
        })
      );
    })
  );
}
function writeWithOneMore(keeper, fence, write) {
  const next = checkEpoch(keeper.fenceEpoch + keeper.spare + 1);
  const added$ = raiseTo(keeper, next).pipe(
    tap(() => {
      keeper.spare++;
      if (keeper.telemetry !== null) keeper.tell({ kind: "epoch-added", epoch: next });
    }),
    ignoreElements()
  );
  const isOwned = !needsEpoch(keeper.issued, keeper.spare, false);
  return concat(
    isOwned ? added$.pipe(catchError(() => EMPTY3)) : added$,
    // early, it is tried again with the next one
    defer(() => fromUser("write", () => write(fence)))
  );
}
function raiseTo({ config, key, epoch }, least) {
  let to;
  const raise$ = fromUser(
    "raise",
    () => withinTime(config, "raise", () => config.raise(least, { key, epoch }))
  ).pipe(
    tap((emitted) => {
      to = emitted;
    }),
    ignoreElements()
  );
  return concat(
    raise$,
    defer(() => {
      if (typeof to !== "number" || !Number.isSafeInteger(to) || to < least) throw notRaised(least, to);
      return of(to);
    })
  );
}
function notRaised(least, to) {
  return new AlarmError(
    "ALARM_RETURN_INVALID",
    `raise must emit the epoch that the store holds durably from here on, ${least} or more, and complete; it emitted ${given(to)}.`,
    { counted: false }
  );
}

// .old/src/actor/writer.ts
function openWriter(keeper, work) {
  const earlier$ = new Subject2();
  const later$ = new Subject2();
  const mayPrecommit$ = new BehaviorSubject(false);
  const mayGoLater$ = new BehaviorSubject(false);
  const inFlight$ = new Subject2();
  let atGate = false;
  const turnOf = (step) => new Observable5((turn) => {
    const written2 = writeNow(keeper, work, step, () => turn.complete());
    return () => reportUncaught(() => written2?.unsubscribe());
  });
  const pipe = merge(earlier$.pipe(gate(mayPrecommit$)), later$.pipe(latestWhen(mayGoLater$))).pipe(
    map(turnOf),
    startWith(inFlight$),
    concatMap2((write$) => write$)
  ).subscribe();
  const ask = (step) => {
    if (step === "later") {
      later$.next(step);
    } else if (!atGate) {
      atGate = true;
      earlier$.next(step);
    }
  };
  return {
    ask,
    take(step) {
      const turn$ = step === "precommit" ? mayPrecommit$ : mayGoLater$;
      ask(step);
      if (step === "precommit") atGate = false;
      turn$.next(true);
      turn$.next(false);
    },
    free: () => inFlight$.complete(),
    close: () => pipe.unsubscribe()
  };
}
function startWrite(keeper, work, step) {
  const write = writeNow(keeper, work, step, () => work.writer?.free());
  if (keeper.work !== work) write?.unsubscribe();
  else if (work.writing) work.write = write;
}
function writeNow(keeper, work, step, free) {
  const begun = begin(keeper, work, step);
  if (begun === null) return null;
  let write = begun;
  const { time, move, attempt } = begun;
  const sequence = keeper.issued;
  const issuedAt = keeper.observedAt();
  const end = (conclude) => {
    if (keeper.work !== work) return;
    const { settling } = work;
    work.settling = true;
    work.writing = false;
    try {
      conclude();
    } catch (error) {
      keeper.breakBy(error);
    }
    free();
    work.settling = settling;
    keeper.settle();
  };
  const acknowledged = () => {
    work.attempt = 0;
    keeper.acked = sequence;
    if (step === "precommit") {
      keeper.bound = time;
      keeper.setBy = sequence;
      work.again &&= keeper.desired === time && keeper.stale >= sequence;
    }
    if (keeper.telemetry !== null) {
      keeper.tell({ kind: "write-acknowledged", ...write, took: keeper.took(issuedAt) });
    }
  };
  const failed2 = (error) => {
    const fenced = isFenced(error);
    if (keeper.telemetry !== null) {
      const kind = fenced ? "write-fenced" : "write-failed";
      keeper.tell({ kind, ...write, took: keeper.took(issuedAt), error });
    }
    if (fenced) keeper.fail(error);
    else if (step === "precommit") keeper.fail(precommitError(keeper.key, printTime(time), error));
    else restOrGiveUp(keeper, work, write, error);
  };
  const { config, key } = keeper;
  const call = (fence) => withinTime(config, "write", () => config.write(time, { key, move, fence, attempt }));
  const raised = (fence) => {
    write = { ...begun, fence };
  };
  return runUser("write", () => writeRaised(keeper, begun.fence, step === "later", call, raised), {
    complete: () => end(acknowledged),
    error: (error) => end(() => failed2(error))
  });
}
function begin(keeper, work, step) {
  let fence;
  try {
    const oneMore = keeper.config.raise === void 0 ? 0 : 1;
    fence = fenceOf(keeper.fenceEpoch, keeper.issued + 1, keeper.spare + oneMore);
  } catch (error) {
    keeper.fail(error);
    return null;
  }
  if (step === "precommit") {
    keeper.release(work);
    keeper.stopResting();
  }
  const time = step === "precommit" ? keeper.desired : keeper.committed;
  const move = step === "precommit" ? "earlier" : moveTo(time, keeper.bound);
  const write = { move, time, fence, attempt: ++work.attempt };
  keeper.issued++;
  work.writing = true;
  work.carries = time;
  work.isPrecommit = step === "precommit";
  work.owed = false;
  if (step === "later") {
    if (time !== keeper.bound) keeper.setBy = keeper.issued;
    keeper.bound = time;
    work.behind = false;
  }
  if (keeper.telemetry !== null) keeper.tell({ kind: "write-issued", ...write });
  return write;
}
function restOrGiveUp(keeper, work, write, error) {
  work.lastError = error;
  if (isEarlier(keeper, work)) return;
  let delay;
  try {
    if (write.attempt > retriesOf(keeper.config)) throw error;
    delay = restOf(keeper.config, write.attempt);
  } catch (reason2) {
    work.attempt = 0;
    if (keeper.telemetry !== null) keeper.tell({ kind: "write-given-up", ...write, error: reason2 });
    return;
  }
  if (keeper.work !== work) return;
  if (keeper.telemetry !== null) keeper.tell({ kind: "write-retried", ...write, delay });
  work.resting = true;
  work.rest = clockOf(keeper.config).schedule(() => {
    work.resting = false;
    work.owed = true;
    keeper.settle();
  }, delay);
}

// .old/src/actor/keeper.ts
var Keeper = class {
  config;
  key;
  epoch;
  desired;
  committed;
  bound;
  /** the last write issued and the last one acknowledged, counted in this epoch: small integers need no memory of their own */
  issued = 0;
  acked = 0;
  /** the epoch of its fences where the store has raised it since, above a fence of the manager's; 0: it has not */
  raisedTo = 0;
  /** so many epochs above that one are its own too, for the writes that do not fit into one */
  spare = 0;
  /** the write that set the alarm at the bound, and the last one whose delivery has begun: 0 is before this epoch, -1 none */
  setBy = 0;
  begun = -1;
  /** a delivery up to this write is not of the alarm that was asked last, though it have the same time */
  stale = -1;
  work = null;
  telemetry = null;
  /** why nothing works any more */
  failure = null;
  constructor(config, key, epoch, initial) {
    this.config = config;
    this.key = key;
    this.epoch = epoch;
    this.desired = this.committed = this.bound = checkAlarmTime(initial);
    this.suspect();
  }
  /** What is due when it is opened may have been delivered before. */
  suspect() {
    if (this.bound !== null && this.bound <= this.now()) this.begun = 0;
  }
  /** The last write that is not of the alarm just asked: all so far, unless the manager holds it already, or is being given it. */
  writesBefore(time) {
    const { work, bound, setBy, issued } = this;
    if (work?.again === true) return issued;
    if (time === bound) return setBy - 1;
    return work?.writing === true && work.carries === time ? issued - 1 : issued;
  }
  /** Whether a delivery of the alarm of that time, which the manager holds or is being given, has begun. */
  isBegun(time) {
    if (time === null) return false;
    if (time === this.bound && this.begun >= this.setBy) return true;
    return this.work?.writing === true && this.work.carries === time && this.begun >= this.issued;
  }
  get flight() {
    return this.work ?? idle;
  }
  /** That of its fences; commits keep the one of the opening. */
  get fenceEpoch() {
    return this.raisedTo === 0 ? this.epoch : this.raisedTo;
  }
  now() {
    return clockOf(this.config).now();
  }
  /** Current time, or `null` without subscribers: the clock costs more than a rule. */
  observedAt() {
    return this.telemetry === null ? null : this.now();
  }
  /** ms since then; `null` without a subscriber then. */
  took(since) {
    return since === null ? null : this.now() - since;
  }
  /** Does what an intent asks for: another alarm, or a commit of what stands. Throws the error that broke the alarm, now or before. */
  follow(intent, time) {
    if (time === void 0) this.touch({ allowUnconfirmed: intent.allowUnconfirmed === true });
    else this.intend(time, intent.allowUnconfirmed);
  }
  /** A new wish of the application. Throws the error that broke the alarm, now or before. */
  intend(time, unconfirmed2 = false) {
    if (this.failure !== null) throw throwing(this.failure);
    if (this.telemetry !== null) this.tellIntent(time, unconfirmed2);
    if (this.work?.run?.deletion === "deferred") this.work.run.deletion = "none";
    if (time !== this.desired || this.isBegun(time)) {
      this.want(time, unconfirmed2);
    } else {
      this.stale = Math.max(this.stale, this.begun);
      if (!unconfirmed2 && this.work !== null) {
        this.work.gated = this.work.asked;
        this.settle();
      }
    }
    this.telemetry?.flush();
    if (this.failure !== null) throw throwing(this.failure);
  }
  tellIntent(time, unconfirmed2) {
    const { bound, committed } = this;
    const again = this.isBegun(time);
    const move = again ? "earlier" : moveTo(time, bound);
    this.tell({ kind: "intent", time, move, unconfirmed: unconfirmed2, bound, committed, ...again && { again } });
  }
  /** The state around the alarm changed: it needs a commit, and the gate, though the alarm stays. */
  touch(options) {
    checkConfirmation(options);
    const unconfirmed2 = options?.allowUnconfirmed === true;
    if (this.failure !== null) throw throwing(this.failure);
    if (this.telemetry !== null) this.tell({ kind: "touched", unconfirmed: unconfirmed2 });
    this.want(this.desired, unconfirmed2, true);
    this.telemetry?.flush();
    if (this.failure !== null) throw throwing(this.failure);
  }
  /** Changes the desired alarm and does what the rules say. After a failure nothing is wanted any more. */
  want(time, unconfirmed2, isTouch = false) {
    if (this.failure !== null) return;
    this.work ??= new Work();
    const work = this.work;
    const replaced = this.desired;
    if (this.telemetry !== null && replaced !== time && !work.committing && replaced !== this.committed) {
      this.tell({ kind: "superseded", before: "commit", time: replaced, by: time });
    }
    this.desired = time;
    work.touched = true;
    work.asked++;
    if (!isTouch) {
      work.again = this.isBegun(time);
      this.stale = this.writesBefore(time);
    }
    if (!unconfirmed2) work.gated = work.asked;
    const mustHold = work.heldAt === null && this.isHeld(work);
    if (nextStep(this, work) !== null || mustHold) this.settle();
  }
  /** Deletes a settled alarm: the commit is issued before anything that listens or waits goes on, or it could be replaced first. */
  deleteNow(work) {
    if (this.telemetry !== null) this.tellIntent(null, false);
    this.desired = null;
    work.again = false;
    work.touched = true;
    work.gated = ++work.asked;
    if (work.settling) issueCommit(this, work);
    this.settle();
    this.telemetry?.flush();
    if (this.failure !== null) throw this.failure;
  }
  /** The manager may have lost what it acknowledged, so what the store holds is written once. */
  reconcile() {
    if (this.config.reconcile !== false) this.renew();
  }
  /** The manager is owed the committed alarm once more, now. */
  renew() {
    if (this.failure !== null) return;
    this.work ??= new Work();
    this.work.owed = true;
    this.stopResting();
    this.settle();
  }
  stopResting() {
    const work = this.work;
    if (work === null) return;
    work.rest?.unsubscribe();
    work.rest = null;
    work.resting = false;
    work.attempt = 0;
  }
  /** Applies the rules until none fits. A reentrant call is left to the loop that already runs. */
  settle() {
    const { work } = this;
    if (work === null) return;
    work.unsettled = true;
    if (work.settling) return;
    work.settling = true;
    try {
      this.apply(work);
    } catch (error) {
      this.breakBy(error);
    }
    work.settling = false;
    this.drop(work);
  }
  apply(work) {
    while (work.unsettled && this.work === work) {
      for (let step = this.decide(work); step !== null && this.work === work; step = this.decide(work)) {
        work.stirred = true;
        if (step === "commit") {
          if (!this.isHeld(work)) this.release(work);
          issueCommit(this, work);
        } else if (work.writer !== null) work.writer.take(step);
        else startWrite(this, work, step);
      }
      if (this.work !== work) break;
      work.unsettled = false;
      this.wait(work);
      if (work.stirred && isDrained(this, work)) this.tellDrained(work);
      this.telemetry?.flush();
      lookAgain(work);
    }
  }
  decide(work) {
    if (this.isAnsweredByDeletion(work)) this.bound = null;
    if (work.abandoned !== null && this.committed === null && !work.committing) {
      if (this.acked <= work.abandoned) {
        this.bound = null;
        work.owed ||= this.issued <= work.abandoned;
      }
      work.abandoned = null;
    }
    const step = nextStep(this, work);
    return step === null || step === "commit" || this.mayWrite(step) ? step : null;
  }
  /** Where actors share a limit: one that may not write yet is settled again when its turn comes, and works out then what to write. */
  mayWrite(_step) {
    return true;
  }
  /** Where the delivery's answer will delete the manager's copy, it may hold nothing from here on: no write is owed. */
  isAnsweredByDeletion(work) {
    const { run: run2 } = work;
    if (run2?.deletion !== "answer" || this.desired !== null || this.committed !== null) return false;
    return !work.committing && !work.writing && this.issued <= run2.since;
  }
  /** What is wanted and cannot go yet waits in its lane of the pipe. */
  wait(work) {
    if (this.isHeld(work)) {
      if (work.heldAt !== null) return;
      work.heldAt = this.now();
      if (this.telemetry !== null) this.tell({ kind: "held", time: this.desired });
      this.writer(work).ask("precommit");
    } else {
      if (work.heldAt !== null) this.release(work);
      if (work.behind && work.writing) this.writer(work).ask("later");
    }
  }
  /** An earlier move is wanted, and the write in flight is not it. */
  isHeld(work) {
    return isEarlier(this, work) && work.writing && !(work.isPrecommit && work.carries === this.desired);
  }
  release(work) {
    if (work.heldAt === null) return;
    if (this.telemetry !== null) {
      this.tell({ kind: "released", time: this.desired, heldFor: this.now() - work.heldAt });
    }
    work.heldAt = null;
  }
  writer(work) {
    work.writer ??= openWriter(this, work);
    return work.writer;
  }
  tellDrained(work) {
    work.stirred = false;
    if (this.telemetry === null) return;
    this.tell({ kind: "drained", time: this.committed, caughtUp: this.acked === this.issued });
  }
  /** Drained, the pipe is dropped; and all of the work, once nothing waits for any of it. */
  drop(work) {
    if (this.work !== work || work.settling || !isDrained(this, work)) return;
    work.writer?.close();
    work.writer = null;
    if (work.run === null && work.waiting === null) this.work = null;
  }
  /** Emits and completes once `ready` holds, at once if it does; errors when the alarm breaks. */
  when(ready) {
    return waitUntil(this, ready);
  }
  get isDrained() {
    return isDrained(this, this.flight);
  }
  get events$() {
    return new Observable6((subscriber) => {
      if (isClosed(this.failure)) return subscriber.complete();
      if (this.failure !== null) return subscriber.error(this.failure);
      this.telemetry ??= openTelemetry(() => {
        this.telemetry = null;
      });
      return this.telemetry.events$.subscribe(subscriber);
    });
  }
  /** Callers look at `telemetry` first, so that an event without a subscriber is never made. Emitted at the next flush. */
  tell(story) {
    this.telemetry?.note({ at: this.now(), key: this.key, ...story });
  }
  /** For where all is decided: listeners may do what they like. */
  tellNow(story) {
    this.tell(story);
    this.telemetry?.flush();
  }
  close() {
    if (this.failure === null) this.fail(closedError(this.key));
  }
  /** What was thrown where nothing may throw breaks the alarm; what a teardown throws while it breaks is RxJS's to report. */
  breakBy(error) {
    if (this.failure !== null) reportUnhandled(error);
    else reportUncaught(() => this.fail(internalError(this.key, error)));
  }
  /** Ends everything with the error that all that wait, and all that ask later, get. */
  fail(error) {
    if (this.failure !== null) return;
    const { work, telemetry } = this;
    this.failure = error;
    this.work = this.telemetry = null;
    if (telemetry !== null || work !== null && work.waits > 0) markReached(error);
    else if (!isClosed(error)) reportUnlessReached(error);
    try {
      work?.close();
    } finally {
      failAll(work, error);
      if (isClosed(error)) telemetry?.complete();
      else telemetry?.error(error);
    }
  }
};

// .old/src/actor/keep-alarm.ts
function keepAlarm(config) {
  checkAlarmConfig(config);
  return (intents$) => new Observable7((subscriber) => {
    const keeper = new Keeper(config, config.key ?? "", config.epoch ?? 0, config.initial ?? null);
    const inputs = new Subscription3(() => keeper.close());
    const end = (pass) => reportUncaught(() => endInputs(inputs, pass));
    const fail = (error) => end(() => subscriber.error(error));
    const complete = () => end(() => subscriber.complete());
    subscriber.add(inputs);
    listen(keeper.events$, inputs, { next: (event) => subscriber.next(event), error: fail, complete: noop });
    keeper.reconcile();
    listen(intents$, inputs, {
      next(intent) {
        try {
          keeper.follow(intent, wantedTime(intent, keeper));
        } catch (error) {
          fail(error);
        }
      },
      error: fail,
      complete() {
        listen(
          keeper.when(() => keeper.isDrained),
          inputs,
          { next: noop, error: fail, complete }
        );
      }
    });
  });
}

// .old/src/actor/open-alarm.ts
import { defer as defer3 } from "rxjs";

// .old/src/vocabulary/awaitable.ts
function awaitable(observable) {
  return Object.assign(observable, { then });
}
function then(onFulfilled, onRejected) {
  return new Promise((resolve, reject) => {
    let last2;
    this.subscribe({
      next(value) {
        last2 = value;
      },
      error: reject,
      complete: () => resolve(last2)
    });
  }).then(onFulfilled, onRejected);
}

// .old/src/actor/delivery.ts
import {
  concat as concat2,
  concatMap as concatMap3,
  defer as defer2,
  finalize,
  ignoreElements as ignoreElements2,
  map as map2,
  Observable as Observable8,
  of as of2,
  takeUntil,
  tap as tap2
} from "rxjs";
function arm(alarm, flight, scheduledTime, now, isStale = false) {
  const { desired } = alarm;
  if (desired === scheduledTime) return { run: scheduledTime, deletes: !isStale };
  if (!isClean(alarm, flight)) return { run: scheduledTime, deletes: false };
  if (desired !== null && desired <= now) return { run: desired, deletes: true };
  return { reschedule: desired };
}
function deliver(keeper, wakeup, handler) {
  return defer2(() => {
    const scheduledTime = checkWakeup(keeper.key, wakeup, handler);
    const delivered = { scheduledTime, retryCount: wakeup.retryCount ?? 0 };
    if (keeper.telemetry !== null) keeper.tell({ kind: "delivery-arrived", ...delivered });
    const handled$ = keeper.when(() => keeper.work === null || keeper.work.run === null).pipe(
      concatMap3(() => {
        tellViolation(keeper, wakeup);
        const since = sinceOf(keeper, wakeup);
        const isStale = since <= keeper.stale;
        const arming = arm(keeper, keeper.flight, scheduledTime, keeper.now(), isStale);
        if (!("run" in arming)) return reschedule(keeper, arming.reschedule, delivered);
        keeper.begun = Math.max(keeper.begun, arming.run === scheduledTime ? since : keeper.issued);
        return run(keeper, arming, { ...delivered, id: idOf(wakeup, arming.run) }, since, handler);
      }),
      tap2({
        error(error) {
          if (keeper.telemetry !== null) keeper.tellNow({ kind: "delivery-failed", ...delivered, error });
        }
      })
    );
    return notifyAfter(keeper, handled$);
  });
}
function notifyAfter(keeper, started$) {
  return new Observable8((subscriber) => {
    subscriber.add(started$.subscribe(subscriber));
    keeper.telemetry?.flush();
  });
}
function sinceOf({ fenceEpoch, issued }, { fence }) {
  return fence === void 0 ? issued : Math.max(0, Math.min(sequenceOf(fenceEpoch, fence), issued));
}
function idOf({ id, fence, scheduledTime }, run2) {
  const delivered = id ?? (fence === void 0 ? `${scheduledTime}` : `${fence}-${scheduledTime}`);
  return run2 === scheduledTime ? delivered : `${delivered}-${run2}`;
}
function run(keeper, arming, { id, ...delivered }, since, handler) {
  keeper.work ??= new Work();
  const own = { deletion: arming.deletes ? "deferred" : "none", since };
  keeper.work.run = own;
  const end = () => {
    if (keeper.work?.run === own) keeper.work.run = null;
  };
  const { retryCount } = delivered;
  const info = { id, scheduledTime: arming.run, retryCount, isRetry: retryCount > 0 };
  if (keeper.telemetry !== null)
    keeper.tell({ kind: "delivery-run", ...delivered, time: arming.run, deletes: arming.deletes });
  const handled$ = concat2(
    defer2(() => fromUser("The handler", () => handler(info))).pipe(ignoreElements2()),
    defer2(() => {
      if (own.deletion === "deferred") {
        own.deletion = "answer";
        keeper.want(null, true);
      }
      return answer(keeper, since);
    })
  ).pipe(
    takeUntil(keeper.when(() => false)),
    // a broken alarm fails its delivery
    map2(() => {
      if (keeper.telemetry !== null) keeper.tellNow({ kind: "delivery-done", ...delivered });
      return { kind: "ran", scheduledTime: arming.run, retryCount };
    }),
    tap2({ error: end }),
    // before the failure reaches the manager: it may give the alarm up at once
    finalize(() => {
      end();
      keeper.settle();
    })
  );
  return notifyAfter(keeper, handled$);
}
function answer(keeper, since) {
  return keeper.when(() => keeper.isDrained).pipe(
    concatMap3(() => {
      if (keeper.acked !== keeper.issued) throw undelivered(keeper);
      if (keeper.committed === null || keeper.acked > since) return of2(void 0);
      keeper.renew();
      return answer(keeper, since);
    })
  );
}
function reschedule(keeper, time, delivered) {
  const before = keeper.issued;
  keeper.renew();
  return keeper.when(() => keeper.acked > before || keeper.isDrained || keeper.flight.resting).pipe(
    map2(() => {
      if (keeper.acked <= before) throw undelivered(keeper);
      const { scheduledTime } = delivered;
      if (keeper.telemetry !== null) keeper.tellNow({ kind: "delivery-rescheduled", ...delivered, time });
      return { kind: "rescheduled", scheduledTime, time };
    })
  );
}
function abandon(keeper, scheduledTime, delivered) {
  if (keeper.failure !== null) throw throwing(keeper.failure);
  const time = checkTime(scheduledTime);
  if (!isSettled(keeper)) throw unsettled(keeper, time);
  keeper.work ??= new Work();
  if (keeper.desired === time && !isOfBefore(keeper, delivered)) {
    keeper.work.abandoned = keeper.issued;
    keeper.deleteNow(keeper.work);
    return null;
  }
  const kept = keeper.committed;
  if (kept !== time) {
    keeper.setBy = 0;
    keeper.stale = keeper.begun = -1;
  }
  if (keeper.bound !== kept) {
    keeper.bound = kept;
    keeper.work.owed = true;
  }
  keeper.settle();
  return kept;
}
function isSettled(keeper) {
  const { flight, work } = keeper;
  return isConfirmed(keeper, flight) && !flight.writing && (work === null || work.run === null);
}
function isOfBefore(keeper, delivered) {
  const fence = delivered?.fence;
  return fence !== void 0 && sinceOf(keeper, { fence }) <= keeper.stale;
}
function unsettled({ key, work }, time) {
  const why = work?.run ? "a handler of its actor runs" : "a commit or a manager write of its actor is in flight";
  return new AlarmError(
    "ALARM_WRITE_FAILED",
    `The alarm ${printTime(time)} of ${given(key)} cannot be given up now: ${why}. Nothing is lost: answer the manager with this error and it asks again.`,
    { counted: false }
  );
}
function undelivered(keeper) {
  const cause = keeper.work?.lastError ?? new Error("its last write was given up, or is still in flight");
  return writeError(keeper.key, printTime(keeper.bound), cause);
}
function tellViolation(keeper, { scheduledTime, fence }) {
  const { committed, fenceEpoch, acked } = keeper;
  if (keeper.telemetry === null || committed === null || !isClean(keeper, keeper.flight)) return;
  if (scheduledTime > committed && (fence === void 0 || sequenceOf(fenceEpoch, fence) >= acked)) {
    keeper.tell({ kind: "violation", manager: scheduledTime, committed });
  }
}
function checkWakeup(own, wakeup, handler) {
  const { key = own, scheduledTime, retryCount, fence, id } = wakeup ?? {};
  const isCount = (value) => value === void 0 || Number.isSafeInteger(value) && value >= 0;
  const isId = id === void 0 || typeof id === "string";
  if (!isCount(retryCount) || !isCount(fence) || !isId || typeof handler !== "function") {
    throw new AlarmError(
      "ALARM_DELIVERY_INVALID",
      `A delivery is { key?, scheduledTime, retryCount?, fence?, id? } in whole numbers, 0 or more, with a function to handle it; given retryCount ${given(retryCount)}, fence ${given(fence)}, id ${given(id)} and ${given(handler)}.`
    );
  }
  if (key !== own && own !== "") {
    throw new AlarmError(
      "ALARM_DELIVERY_INVALID",
      `This wake-up is that of ${given(key)}, and this is the alarm of ${given(own)}. Look the actor up by delivery.key, or let openFleet do it. Where the manager knows this one by another key, pass { ...delivery, key }.`,
      { counted: false }
    );
  }
  return checkTime(scheduledTime);
}

// .old/src/actor/output-gate.ts
import { noop as noop2 } from "rxjs";
function holdUntilConfirmed(current) {
  return hold(({ release, fail, inputs }) => {
    let keeper = null;
    let waiting = false;
    const isDurable = (needs) => needs <= (keeper?.work?.covered ?? needs);
    return {
      mark(isFirst) {
        if (isFirst) keeper = current();
        if (keeper !== null && keeper.failure !== null) {
          markReached(keeper.failure);
          fail(keeper.failure);
        }
        return keeper?.work?.gated ?? 0;
      },
      isOpen: isDurable,
      wait(needs) {
        if (waiting || keeper === null) return;
        waiting = true;
        listen(
          keeper.when(() => isDurable(needs)),
          inputs,
          {
            next: noop2,
            error: fail,
            complete() {
              waiting = false;
              release();
            }
          }
        );
      }
    };
  });
}

// .old/src/actor/open-alarm.ts
function openAlarm(config) {
  checkAlarmConfig(config);
  const alarm = new OpenAlarm(config, config.key ?? "", config.epoch ?? 0, config.initial ?? null);
  alarm.reconcile();
  return alarm;
}
var OpenAlarm = class extends Keeper {
  get time() {
    if (this.failure !== null) throw throwing(this.failure);
    return this.work?.run?.deletion === "deferred" ? null : this.desired;
  }
  set(time, options) {
    checkConfirmation(options);
    this.intend(checkTime(time), options?.allowUnconfirmed);
  }
  setIn(ms, options) {
    checkConfirmation(options);
    this.intend(timeIn(ms, this.now()), options?.allowUnconfirmed);
  }
  delete(options) {
    checkConfirmation(options);
    this.intend(null, options?.allowUnconfirmed);
  }
  confirmed() {
    return awaitable(
      defer3(() => {
        const { asked, covered } = this.work ?? { asked: 0, covered: 0 };
        return this.when(() => asked <= covered || asked <= (this.work?.covered ?? asked));
      })
    );
  }
  drained() {
    return awaitable(this.when(() => this.isDrained));
  }
  holdUntilConfirmed() {
    return holdUntilConfirmed(() => this);
  }
  deliver(wakeup, handler) {
    return awaitable(deliver(this, wakeup, handler));
  }
  abandon(scheduledTime, delivered) {
    return abandon(this, scheduledTime, delivered);
  }
};

// .old/src/fleet/keep-alarms.ts
import { noop as noop5, Observable as Observable15, Subscription as Subscription7 } from "rxjs";

// .old/src/fleet/fleet-config.ts
var fleetNames = {
  load: true,
  commitMany: true,
  writeMany: true,
  changed$: true,
  discard: true,
  concurrency: true,
  idleAfter: true,
  wallClock: true
};
function checkFleetConfig(config, more = {}) {
  checkConfig(config);
  checkNames("The config of a fleet", config, {
    ...sharedNames,
    ...fleetNames,
    ...more
  });
  const { concurrency = 1, idleAfter = 1 } = config;
  const returnsInput = "a function that returns an Observable, a promise or an iterable";
  if (typeof config.load !== "function") throw configError("load", returnsInput, config.load);
  const { changed$, wallClock } = config;
  if (wallClock !== void 0 && typeof wallClock !== "boolean") {
    throw configError("wallClock", "true or false", wallClock);
  }
  if (changed$ !== void 0 && (typeof changed$ !== "object" || changed$ === null)) {
    throw configError("changed$", "an Observable of keys", changed$);
  }
  for (const name of ["commitMany", "writeMany", "discard"]) {
    if (config[name] !== void 0 && typeof config[name] !== "function") {
      throw configError(name, name === "discard" ? "a function of a key" : returnsInput, config[name]);
    }
  }
  if (concurrency !== Infinity && !(Number.isSafeInteger(concurrency) && concurrency >= 1)) {
    throw configError("concurrency", "a whole number of writes, 1 or more, or Infinity", concurrency);
  }
  if (idleAfter !== Infinity && !(Number.isSafeInteger(idleAfter) && idleAfter >= 1)) {
    throw configError("idleAfter", "a whole number of milliseconds, 1 or more, or Infinity", idleAfter);
  }
}

// .old/src/fleet/fleet-engine.ts
import {
  asyncScheduler as asyncScheduler5,
  EMPTY as EMPTY4,
  noop as noop4,
  Observable as Observable14,
  Subscription as Subscription6,
  tap as tap3
} from "rxjs";

// .old/src/vocabulary/real-time.ts
import { asyncScheduler as asyncScheduler3 } from "rxjs";
var SMALLEST = 1e11;
var SECONDS = 1e9;
function timeCheckOf(scheduler) {
  if (scheduler !== void 0 && scheduler !== asyncScheduler3) return checkTime;
  return (time) => {
    const ms = checkTime(time);
    if (ms > 0 && ms <= SMALLEST && asyncScheduler3.now() > SMALLEST) throw tooSmall(ms);
    return ms;
  };
}
function tooSmall(ms) {
  const seconds = ms >= SECONDS ? `for seconds since the epoch write ${ms} * 1000, ` : "";
  return timeError(
    ms,
    `An alarm time is in milliseconds since the epoch; given ${ms}, which is in ${new Date(ms).getUTCFullYear()} and would fire at once: ${seconds}for a delay write Date.now() + ${ms} or setIn(${ms}), and 0 for at once.`
  );
}
var readsTimes = /* @__PURE__ */ Symbol.for("nolater.readsTimes");
function timeCheckFor(alarm) {
  return alarm[readsTimes] ?? checkTime;
}

// .old/src/vocabulary/elapsed.ts
import { asyncScheduler as asyncScheduler4 } from "rxjs";
var REAL = 1e11;
function elapsedOf(scheduler) {
  if (typeof scheduler.elapsed === "function") return () => scheduler.elapsed();
  if (scheduler.now === asyncScheduler4.now && scheduler.now() > REAL) return () => performance.now();
  let last2 = scheduler.now();
  let passed = 0;
  return () => {
    const now = scheduler.now();
    passed += Math.max(0, now - last2);
    last2 = now;
    return passed;
  };
}

// .old/src/fleet/back-off.ts
var FIRST = 1e3;
var LONGEST = 6e4;
function openBackOff(scheduler) {
  const troubles = /* @__PURE__ */ new Map();
  let clock = null;
  const elapsed = () => {
    clock ??= elapsedOf(scheduler);
    return clock();
  };
  function forgetOld(now) {
    for (const [key, { until }] of troubles) {
      if (until + LONGEST > now) break;
      troubles.delete(key);
    }
  }
  return {
    broke(key, error) {
      const now = elapsed();
      forgetOld(now);
      const breaks = (troubles.get(key)?.breaks ?? 0) + 1;
      const delay = breaks === 1 ? 0 : Math.min(FIRST * 2 ** (breaks - 2), LONGEST);
      troubles.delete(key);
      troubles.set(key, { breaks, until: now + delay, error });
      return delay;
    },
    refusal(key) {
      const trouble = troubles.get(key);
      return trouble !== void 0 && trouble.until > elapsed() ? trouble : null;
    },
    has: (key) => troubles.has(key),
    forget: (key) => void troubles.delete(key)
  };
}

// .old/src/fleet/batch.ts
import { Observable as Observable9 } from "rxjs";
function batch(name, scheduler, send, together) {
  let turn = [];
  function flush() {
    const members = turn.filter(({ subscriber }) => !subscriber.closed);
    turn = [];
    if (members.length > 0) together(() => call(members));
  }
  function call(members) {
    let left = members.length;
    let results;
    const failAll2 = (error) => together(() => {
      for (const { subscriber } of members) subscriber.error(error);
    });
    const sent = runUser(name, () => send(members.map(({ item }) => item)), {
      next(value) {
        results = value;
      },
      error: failAll2,
      complete() {
        const each = readResults(results, members.length);
        if (each === null) return failAll2(unanswered(name, members.length, results));
        together(() => {
          members.forEach(({ subscriber }, i) => {
            const result = each[i];
            if (result === null) subscriber.complete();
            else subscriber.error(result ?? unanswered(name, members.length, results));
          });
        });
      }
    });
    for (const { subscriber } of members) {
      subscriber.add(() => {
        if (--left === 0) sent?.unsubscribe();
      });
    }
  }
  return (item) => new Observable9((subscriber) => {
    if (turn.push({ item, subscriber }) === 1) scheduler.schedule(flush);
  });
}
function readResults(results, count) {
  try {
    return Array.isArray(results) && results.length === count ? [...results] : null;
  } catch {
    return null;
  }
}
function unanswered(name, count, results) {
  const length = fieldOf(results, "length");
  const what = typeof length === "number" ? `${length} of them` : given(results);
  return new AlarmError(
    "ALARM_RETURN_INVALID",
    `${name} must emit an array with a result for each of the ${count} it was given, null or an error, then complete; it emitted ${what}.`
  );
}

// .old/src/fleet/closing/host.ts
var HOST = /* @__PURE__ */ Symbol.for("nolater.host");
function hostOf(value) {
  return value?.[HOST] ?? null;
}
var ROUNDS = 1e3;
function pumpUntil(host, isOver) {
  for (let round = 0; round < ROUNDS && !isOver() && host?.pump() === true; round++) ;
}

// .old/src/fleet/fleet-telemetry.ts
import { defer as defer4, Observable as Observable10, Subject as Subject3, Subscription as Subscription4 } from "rxjs";
function openFleetTelemetry(actors, scheduler, isDeciding) {
  let current = null;
  const telemetry = openTelemetry(() => share(null));
  const shared = {
    ...telemetry,
    flush() {
      if (!isDeciding()) telemetry.flush();
    },
    // One actor's end is not that of the others.
    error() {
    },
    complete() {
    }
  };
  function share(next) {
    current = next;
    for (const actor of actors.values()) if (actor.failure === null) actor.telemetry = next;
  }
  const events$ = defer4(() => {
    if (current === null) share(shared);
    return telemetry.events$;
  });
  return {
    events$,
    eventsOf: byKey(events$),
    get current() {
      return current;
    },
    tell(key, story) {
      current?.note({ at: scheduler.now(), key, ...story });
      current?.flush();
    },
    flush: () => current?.flush(),
    complete: () => telemetry.complete()
  };
}
function byKey(events$) {
  const keys = /* @__PURE__ */ new Map();
  let all = Subscription4.EMPTY;
  return (key) => new Observable10((subscriber) => {
    const own = keys.get(key) ?? new Subject3();
    keys.set(key, own);
    own.subscribe(subscriber);
    subscriber.add(() => {
      if (own.observed || keys.get(key) !== own) return;
      keys.delete(key);
      if (keys.size === 0) all.unsubscribe();
    });
    if (all.closed && !subscriber.closed) {
      all = events$.subscribe({
        next: (event) => keys.get(event.key)?.next(event),
        complete() {
          const ended = [...keys.values()];
          keys.clear();
          for (const subject of ended) subject.complete();
        }
      });
    }
  });
}

// .old/src/fleet/flush-actors.ts
import { Observable as Observable12 } from "rxjs";

// .old/src/fleet/closing/close-error.ts
function closeError(keys, cause) {
  const message = `Closing could not keep all that was accepted of ${listed(keys)}: ${reason(cause)}. Open again, and ask again for what is missing.`;
  return new AlarmError("ALARM_CLOSE_FAILED", message, { cause, counted: false, keys });
}
function lateCloseError(limit, pending) {
  const keysOf = /* @__PURE__ */ new Map();
  for (const [key, what] of pending) keysOf.set(what, [...keysOf.get(what) ?? [], key]);
  const waits = [...keysOf].map(([what, keys]) => `${what} of ${listed(keys)}`);
  return closeError(
    [...pending.keys()],
    new Error(`after ${limit} ms it still waited for ${waits.join(" and ")}`)
  );
}

// .old/src/fleet/closing/waits-for.ts
function waitsFor(alarm, flight) {
  if (isConfirmed(alarm, flight)) return "the manager to take the later alarm";
  return flight.committing ? "the store to commit the alarm" : "the manager to take the earlier alarm";
}

// .old/src/fleet/closing/within-limit.ts
import { throwError as throwError3, timeout } from "rxjs";
var CLOSE_LIMIT = 5e3;
function withinLimit(scheduler, tooLate) {
  return timeout({ first: CLOSE_LIMIT, scheduler, with: () => throwError3(tooLate) });
}

// .old/src/fleet/until-drained.ts
import { noop as noop3, Observable as Observable11, Subscription as Subscription5 } from "rxjs";
function untilDrained(actors) {
  return new Observable11((subscriber) => {
    const inputs = new Subscription5();
    let busy = [];
    subscriber.add(inputs);
    const next = () => {
      while (busy.length > 0 && isDone(busy.at(-1))) busy.pop();
      if (busy.length === 0) busy = [...actors.values()].filter((actor2) => !isDone(actor2));
      const actor = busy.at(-1);
      if (actor === void 0) {
        subscriber.complete();
      } else {
        listen(
          actor.when(() => actor.isDrained),
          inputs,
          { next: noop3, error: next, complete: next }
        );
      }
    };
    next();
  });
}
var isDone = (actor) => actor.failure !== null || actor.isDrained;

// .old/src/fleet/flush-actors.ts
function flushActors(actors, host, scheduler) {
  const accounts = /* @__PURE__ */ new Set();
  function late() {
    const busy = [...actors.values()].filter((actor) => actor.failure === null && !actor.isDrained);
    return lateCloseError(
      CLOSE_LIMIT,
      new Map(
        busy.map((actor) => [
          actor.key,
          actor.isLoaded ? waitsFor(actor, actor.flight) : "the store to load the alarm"
        ])
      )
    );
  }
  const drain = () => new Observable12((subscriber) => {
    const lost = /* @__PURE__ */ new Map();
    accounts.add(lost);
    subscriber.add(() => accounts.delete(lost));
    for (const actor of [...actors.values()])
      if (actor.work?.touched === true && actor.isLoaded) actor.settle();
    subscriber.add(
      untilDrained(actors).subscribe({
        complete() {
          if (lost.size === 0) subscriber.complete();
          else subscriber.error(closeError([...lost.keys()], [...lost.values()][0]));
        }
      })
    );
    pumpUntil(host, () => subscriber.closed);
  }).pipe(withinLimit(scheduler, late));
  return {
    flush: drain,
    breaking(actor, error) {
      const { opening } = actor;
      const isLost = opening === null ? !isConfirmed(actor, actor.flight) : opening.lost > 0;
      if (!isLost || accounts.size === 0) return;
      for (const lost of accounts) lost.set(actor.key, error);
      markReached(error);
    }
  };
}

// .old/src/fleet/gates.ts
import { Observable as Observable13 } from "rxjs";
function openGates() {
  const gates = /* @__PURE__ */ new Map();
  return {
    broken: (key) => new Observable13((gate2) => {
      const all = gates.get(key) ?? /* @__PURE__ */ new Set();
      gates.set(key, all.add(gate2));
      gate2.add(() => {
        all.delete(gate2);
        if (all.size === 0 && gates.get(key) === all) gates.delete(key);
      });
    }),
    take(key) {
      const taken = gates.get(key) ?? [];
      gates.delete(key);
      return (failure) => {
        for (const gate2 of taken) {
          markReached(failure);
          reportUncaught(() => gate2.error(failure));
        }
      };
    }
  };
}

// .old/src/fleet/loads.ts
import { finalize as finalize2, take } from "rxjs";

// .old/src/fleet/turns.ts
var IN_A_ROW = 3;
var Turns = class {
  /** how many are under way */
  taken = 0;
  limit;
  go;
  tickets = /* @__PURE__ */ new Map();
  lanes = { earlier: new Queue(), later: new Queue() };
  inARow = 0;
  called = null;
  /** `go` is called when a turn has come: a member with something to do asks again, and begins. */
  constructor(limit, go) {
    this.limit = limit;
    this.go = go;
  }
  get waiting() {
    return this.tickets.size;
  }
  /** Whether `member` may begin now; otherwise it waits, in this lane. */
  ask(member, lane) {
    if (this.called === member || this.tickets.size === 0 && this.taken < this.limit) return true;
    const held = this.tickets.get(member);
    if (held?.lane === lane) return false;
    if (held !== void 0) this.lanes[held.lane].leave(held);
    const ticket = { member, lane, isLive: true };
    this.tickets.set(member, ticket);
    this.lanes[lane].push(ticket);
    return false;
  }
  begin() {
    this.taken++;
  }
  end() {
    this.taken--;
  }
  /** Waits no more. */
  leave(member) {
    const held = this.tickets.get(member);
    if (held === void 0) return;
    this.lanes[held.lane].leave(held);
    this.tickets.delete(member);
  }
  /** A member waits that need not. */
  get isDue() {
    return this.tickets.size > 0 && this.taken < this.limit;
  }
  /** Gives what is free to those that wait. */
  give() {
    while (this.isDue) {
      const { member } = this.next();
      this.leave(member);
      this.called = member;
      reportUncaught(() => this.go(member));
      this.called = null;
    }
  }
  next() {
    const earlier = this.lanes.earlier.first;
    const later = this.lanes.later.first;
    const isEarlier2 = earlier !== void 0 && (later === void 0 || this.inARow < IN_A_ROW);
    this.inARow = isEarlier2 && later !== void 0 ? this.inARow + 1 : 0;
    return isEarlier2 ? earlier : later;
  }
};
var Queue = class {
  tickets = [];
  passed = 0;
  dead = 0;
  get first() {
    while (this.tickets[this.passed]?.isLive === false) this.passed++;
    return this.tickets[this.passed];
  }
  push(ticket) {
    this.tickets.push(ticket);
  }
  leave(ticket) {
    ticket.isLive = false;
    if (++this.dead * 2 < this.tickets.length) return;
    this.tickets = this.tickets.filter(({ isLive }) => isLive);
    this.passed = this.dead = 0;
  }
};

// .old/src/fleet/loads.ts
function openLoads(concurrency, load, together) {
  const turns = new Turns(concurrency, begin2);
  function begin2(actor) {
    const { opening, key } = actor;
    if (opening === null) return;
    turns.begin();
    const failed2 = (cause) => actor.fail(loadError(key, cause));
    const loading = outside.runInAsyncScope(
      () => fromUser("load", () => load(key)).pipe(
        take(1),
        finalize2(() => together(() => turns.end()))
      ).subscribe({
        next: (loaded) => actor.open(loaded),
        error: failed2,
        complete() {
          if (actor.opening !== null) failed2(nothingLoaded());
        }
      })
    );
    if (actor.opening === opening) opening.load = loading;
    else loading.unsubscribe();
  }
  return {
    turns,
    start(actor) {
      const { opening } = actor;
      if (opening === null || opening.isStarted) return;
      opening.isStarted = true;
      together(() => {
        if (turns.ask(actor, "earlier")) begin2(actor);
      });
    }
  };
}
function nothingLoaded() {
  return new AlarmError("ALARM_RETURN_INVALID", "load must emit { time, epoch }; it completed without.");
}

// .old/src/fleet/opening.ts
var Opening = class extends Work {
  /** the newest alarm asked for, `undefined` if there is none */
  wanted = void 0;
  /** it took the place of another one, which came with a state of its own */
  isReplaced = false;
  isStarted = false;
  load = null;
  constructor() {
    super();
    this.writing = true;
    this.asked = 1;
  }
  ask(unconfirmed2) {
    this.asked++;
    if (!unconfirmed2) this.gated = this.asked;
  }
  /** how many intents and touches would be lost with it */
  get lost() {
    return this.asked - 1;
  }
  /** It is loaded: from here on it is work like any other. `isOwed`: the manager is to be given once what the store holds. */
  begin(isOwed) {
    this.writing = false;
    this.owed = isOwed;
  }
  close() {
    this.load?.unsubscribe();
    super.close();
  }
};

// .old/src/fleet/resident.ts
var UNKNOWN = -1;
var Resident = class extends Keeper {
  /** the round of the sweep in which it was used last */
  seen = 0;
  /** An actor of which nothing is known yet. It takes what is asked; what that comes to is decided when it is loaded. */
  constructor(home, key) {
    super(home, key, UNKNOWN, null);
    this.work = new Opening();
  }
  get isLoaded() {
    return this.epoch !== UNKNOWN;
  }
  /** What waits for the store to answer; `null` once it has. */
  get opening() {
    return this.isLoaded ? null : this.work;
  }
  get time() {
    if (this.failure !== null) throw throwing(this.failure);
    if (!this.isLoaded) throw loadingError(this.key);
    return this.work?.run?.deletion === "deferred" ? null : this.desired;
  }
  intend(time, unconfirmed2 = false) {
    const { opening } = this;
    if (opening === null) super.intend(time, unconfirmed2);
    else this.intendOnceLoaded(opening, time, unconfirmed2);
  }
  touch(options) {
    const { opening } = this;
    if (opening === null) {
      super.touch(options);
    } else {
      const unconfirmed2 = options?.allowUnconfirmed === true;
      opening.touched = true;
      opening.ask(unconfirmed2);
      if (this.telemetry !== null) this.tellNow({ kind: "touched", unconfirmed: unconfirmed2 });
    }
  }
  /** Its state has changed: the gate closes now; the commit goes with what else is asked in this turn, or at its end. */
  change() {
    if (this.opening !== null) {
      this.touch();
      return;
    }
    this.work ??= new Work();
    this.work.touched = true;
    this.work.gated = ++this.work.asked;
    queueMicrotask(() => this.settle());
    if (this.telemetry !== null) this.tellNow({ kind: "touched", unconfirmed: false });
  }
  intendOnceLoaded(opening, time, unconfirmed2) {
    const { wanted } = opening;
    if (this.telemetry !== null && wanted !== void 0 && wanted !== time) {
      this.tellNow({ kind: "superseded", before: "commit", time: wanted, by: time });
    }
    opening.isReplaced ||= wanted !== void 0 && wanted !== time;
    opening.wanted = time;
    opening.ask(unconfirmed2);
  }
  /** Emits once and completes when all that was asked so far is durable. */
  confirmed() {
    const { asked, covered } = this.work ?? { asked: 0, covered: 0 };
    return this.when(() => asked <= covered || asked <= (this.work?.covered ?? asked));
  }
  /** Emits once it is loaded, at once if it is; errors when it cannot be. */
  loaded() {
    return this.when(() => this.isLoaded);
  }
  /** The store has answered: what was asked meanwhile is asked now. */
  open(loaded) {
    const opening = this.opening;
    if (opening === null) return;
    const { wanted } = opening;
    try {
      const time = checkAlarmTime(loaded.time);
      this.epoch = checkEpoch(loaded.epoch);
      this.desired = this.committed = this.bound = time;
      this.suspect();
    } catch (cause) {
      this.fail(loadError(this.key, cause));
      return;
    }
    const { config, key, epoch } = this;
    config.enter();
    try {
      config.tell(key, { kind: "opened", time: this.committed, epoch });
      opening.begin(config.reconcile !== false);
      if (wanted !== void 0 && this.telemetry !== null) this.tellIntent(wanted, opening.gated === 0);
      if (wanted !== void 0 && (wanted !== this.desired || opening.isReplaced || this.isBegun(wanted)))
        this.want(wanted, true);
      else if (!opening.touched) opening.covered = opening.asked;
      this.settle();
    } catch (error) {
      this.breakBy(error);
    } finally {
      config.leave();
    }
  }
  mayWrite(step) {
    const { writes } = this.config;
    const move = step === "precommit" ? "earlier" : "later";
    const { waiting, taken: writing } = writes;
    if (writes.ask(this, move)) return true;
    if (this.telemetry !== null && writes.waiting > waiting) {
      this.config.tell(this.key, { kind: "waiting", move, waiting: writes.waiting, writing });
    }
    return false;
  }
  settle() {
    const { config } = this;
    config.enter();
    try {
      super.settle();
    } finally {
      config.leave();
    }
  }
  fail(error) {
    if (this.failure !== null) return;
    const { config, opening } = this;
    const story = isClosed(error) ? { kind: "closed" } : opening !== null ? { kind: "load-failed", error, lost: opening.lost } : { kind: "broken", error };
    config.breaking(this, story, () => super.fail(error));
  }
};

// .old/src/fleet/sweep.ts
var AT_A_TIME = 2e4;
function openSweep(actors, idleAfter, scheduler, drop) {
  let round = 1;
  let left = null;
  let timer = null;
  function schedule(delay) {
    timer = scheduler.schedule(sweep, Math.min(delay, MAX_TIMER));
  }
  function sweep() {
    if (left === null) round++;
    left ??= actors.values();
    for (let looked = 0; looked < AT_A_TIME; looked++) {
      const { value: actor, done: done2 } = left.next();
      if (done2 === true) {
        rest();
        return;
      }
      if (actor.work !== null) actor.seen = round;
      else if (actor.seen < round - 1) drop(actor);
    }
    schedule(0);
  }
  function rest() {
    left = timer = null;
    if (actors.size > 0) schedule(idleAfter);
  }
  return {
    use(actor) {
      actor.seen = round;
      if (timer === null && idleAfter !== Infinity) schedule(idleAfter);
    },
    stop() {
      timer?.unsubscribe();
      timer = null;
    }
  };
}

// .old/src/fleet/fleet-engine.ts
function openEngine(config) {
  const { concurrency = 1e3, idleAfter = 6e4, scheduler = asyncScheduler5 } = config;
  const actors = /* @__PURE__ */ new Map();
  const telemetry = openFleetTelemetry(actors, scheduler, () => depth > 0);
  const sweep = openSweep(actors, idleAfter, scheduler, drop);
  const loads = openLoads(
    concurrency,
    (key) => withinTime(config, "load", () => config.load(key)),
    together
  );
  const writes = new Turns(concurrency, (actor) => actor.settle());
  const issueWrite = config.writeMany ? batch("writeMany", scheduler, config.writeMany.bind(config), together) : null;
  const issueCommit2 = config.commitMany ? batch("commitMany", scheduler, config.commitMany.bind(config), together) : null;
  const gates = openGates();
  const backOff = openBackOff(scheduler);
  const host = hostOf(config);
  const losses = flushActors(actors, host, scheduler);
  const { flush } = losses;
  let depth = 0;
  let isRefusing = false;
  let isClosed2 = false;
  function enter2() {
    depth++;
  }
  function leave() {
    while (depth === 1 && (writes.isDue || loads.turns.isDue)) {
      writes.give();
      loads.turns.give();
    }
    if (--depth === 0) telemetry.flush();
  }
  function together(work) {
    enter2();
    try {
      work();
    } finally {
      leave();
    }
  }
  function endTogether(write$) {
    return new Observable14((subscriber) => {
      listen(write$, subscriber, {
        next: noop4,
        error: (error) => together(() => subscriber.error(error)),
        complete: () => together(() => subscriber.complete())
      });
      subscriber.add(() => together(() => writes.end()));
    });
  }
  const home = {
    ...config.reconcile !== void 0 && { reconcile: config.reconcile },
    ...config.retry !== void 0 && { retry: config.retry },
    ...config.timeout !== void 0 && { timeout: config.timeout },
    ...config.raise !== void 0 && { raise: config.raise.bind(config) },
    scheduler,
    writes,
    enter: enter2,
    leave,
    tell: telemetry.tell,
    commit(time, commitInfo) {
      const info = commitInfo;
      const commit = () => issueCommit2 === null ? config.commit(time, info) : issueCommit2({ key: info.key, time, info });
      if (!backOff.has(info.key)) return commit();
      return fromUser("commit", commit).pipe(tap3({ complete: () => backOff.forget(info.key) }));
    },
    write(time, writeInfo) {
      const info = writeInfo;
      writes.begin();
      const write$ = issueWrite === null ? fromUser("write", () => config.write(time, info)) : issueWrite({ key: info.key, time, info });
      if (write$ === EMPTY4) writes.end();
      return write$ === EMPTY4 ? EMPTY4 : endTogether(write$);
    },
    breaking(actor, story, end) {
      const { key } = actor;
      together(() => {
        writes.leave(actor);
        loads.turns.leave(actor);
        if ("error" in story) losses.breaking(actor, story.error);
        if (config.discard !== void 0) reportUncaught(() => config.discard?.(key));
        if (!isClosed2) reportUncaught(() => telemetry.tell(key, story));
        reportUncaught(() => {
          if (!("error" in story)) return;
          const delay = backOff.broke(key, story.error);
          if (delay > 0) telemetry.tell(key, { kind: "backing-off", delay, error: story.error });
        });
        const tellGates = gates.take(key);
        try {
          end();
        } finally {
          if (story.kind === "closed" && actors.get(key) === actor) actors.delete(key);
          tellGates(actor.failure);
        }
      });
    }
  };
  function drop(actor) {
    actors.delete(actor.key);
    if (actor.failure === null) telemetry.tell(actor.key, { kind: "dropped" });
  }
  function use(key) {
    if (isRefusing || isClosed2) throw closedError(key);
    let actor = actors.get(key);
    if (actor === void 0 || actor.failure !== null) {
      const refused = backOff.refusal(key);
      if (refused !== null) throw throwing(refused.error);
      actor = new Resident(home, checkKey(key));
      actor.telemetry = telemetry.current;
      actors.set(key, actor);
    }
    sweep.use(actor);
    return actor;
  }
  const refusals = [];
  let isOpen = false;
  const changes = fromUser("changed$", () => config.changed$ ?? EMPTY4).subscribe({
    next(key) {
      try {
        const actor = use(key);
        actor.change();
        loads.start(actor);
      } catch (error) {
        if (telemetry.current === null) reportUnhandled(error);
        telemetry.tell(key, { kind: "refused", error });
        reportUncaught(() => config.discard?.(key));
      }
    },
    error(error) {
      if (isOpen) reportUnhandled(error);
      else refusals.push(error);
    }
  });
  if (refusals.length > 0) throw refusals[0];
  isOpen = true;
  const residents = {
    isBusy(key) {
      const actor = actors.get(key);
      return actor !== void 0 && actor.failure === null && actor.work !== null;
    },
    drop(key) {
      const actor = actors.get(key);
      if (actor !== void 0) drop(actor);
    }
  };
  host?.guests.add(flush);
  host?.fleets?.add(residents);
  return {
    events$: telemetry.events$,
    eventsOf: telemetry.eventsOf,
    clock: scheduler,
    checkTime: config.wallClock === true ? timeCheckOf(config.scheduler) : checkTime,
    tell: telemetry.tell,
    broken: gates.broken,
    get pressure() {
      const { waiting, taken: writing } = writes;
      return { actors: actors.size, loading: loads.turns.taken + loads.turns.waiting, waiting, writing };
    },
    find: (key) => actors.get(key) ?? null,
    use,
    start: loads.start,
    drained: () => untilDrained(actors),
    refuse() {
      isRefusing = true;
      changes.unsubscribe();
    },
    flush,
    close() {
      if (isClosed2) return;
      isClosed2 = true;
      host?.guests.delete(flush);
      host?.fleets?.delete(residents);
      changes.unsubscribe();
      sweep.stop();
      const all = new Subscription6();
      for (const actor of actors.values()) all.add(() => actor.close());
      try {
        together(() => all.unsubscribe());
      } finally {
        actors.clear();
        telemetry.complete();
      }
    }
  };
}

// .old/src/fleet/open-fleet.ts
import { concatMap as concatMap5, defer as defer6, map as map3 } from "rxjs";

// .old/src/fleet/actor-handle.ts
import {
  concatMap as concatMap4,
  defer as defer5,
  mergeMap,
  takeUntil as takeUntil2,
  takeWhile
} from "rxjs";
var ActorHandle = class {
  engine;
  key;
  /** what this handle has asked for something: if that broke, it is lost, and the handle says so until it asks again */
  asked = null;
  constructor(engine, key) {
    this.engine = engine;
    this.key = key;
    this[readsTimes] = engine.checkTime;
  }
  get time() {
    return this.standing().time;
  }
  get events$() {
    return this.engine.eventsOf(this.key).pipe(
      takeWhile(({ kind }) => kind !== "closed"),
      mergeMap(ofAlarm)
    );
  }
  set(time, options) {
    const wanted = this.engine.checkTime(time);
    checkConfirmation(options);
    this.ask((actor) => actor.intend(wanted, options?.allowUnconfirmed));
  }
  setIn(ms, options) {
    const wanted = timeIn(ms, this.engine.clock.now());
    checkConfirmation(options);
    this.ask((actor) => actor.intend(wanted, options?.allowUnconfirmed));
  }
  delete(options) {
    checkConfirmation(options);
    this.ask((actor) => actor.intend(null, options?.allowUnconfirmed));
  }
  touch(options) {
    checkConfirmation(options);
    this.ask((actor) => actor.touch(options));
  }
  confirmed() {
    return awaitable(defer5(() => this.standing().confirmed()));
  }
  drained() {
    return awaitable(
      defer5(() => {
        const actor = this.standing();
        return actor.when(() => actor.isDrained);
      })
    );
  }
  holdUntilConfirmed() {
    return (source) => source.pipe(
      holdUntilConfirmed(() => this.lost() ?? this.engine.find(this.key)),
      takeUntil2(this.engine.broken(this.key))
    );
  }
  deliver(wakeup, handler) {
    return awaitable(
      defer5(() => {
        const actor = this.open();
        return actor.loaded().pipe(concatMap4(() => deliver(actor, wakeup, handler)));
      })
    );
  }
  abandon(scheduledTime, delivered) {
    const actor = this.open();
    if (!actor.isLoaded && actor.failure === null) throw loadingError(this.key);
    return abandon(actor, scheduledTime, delivered);
  }
  close() {
    this.engine.find(this.key)?.close();
  }
  ask(ask) {
    const actor = this.engine.use(this.key);
    this.asked = actor;
    ask(actor);
    this.engine.start(actor);
    if (actor.failure !== null) throw throwing(actor.failure);
  }
  open() {
    const actor = this.engine.use(this.key);
    this.engine.start(actor);
    return actor;
  }
  /** Where the outcome of what was asked is known. */
  standing() {
    const known = this.lost() ?? this.engine.find(this.key);
    return known !== null && known.failure !== null ? known : this.open();
  }
  lost() {
    return this.asked !== null && this.asked.failure !== null ? this.asked : null;
  }
};
function ofAlarm(event) {
  switch (event.kind) {
    case "broken":
    case "load-failed":
      throw event.error;
    case "opened":
    case "backing-off":
    case "refused":
    case "waiting":
    case "dropped":
    case "closed":
      return [];
    default:
      return [event];
  }
}

// .old/src/fleet/closing/close-once.ts
function closable(flush, end) {
  let closing = null;
  function close() {
    if (closing !== null) return closing;
    let start;
    closing = new Promise((resolve) => start = resolve);
    start(run2());
    return closing;
  }
  function run2() {
    return new Promise((resolve, reject) => {
      const finish = (settle) => {
        try {
          settle(end());
        } catch (error) {
          reject(error);
        }
      };
      flush().subscribe({
        complete: () => finish((ended) => resolve(ended)),
        error: (error) => finish((ended) => Promise.resolve(ended).then(() => reject(error), reject))
      });
    });
  }
  return {
    close,
    ...Symbol.asyncDispose !== void 0 && { [Symbol.asyncDispose]: close }
  };
}

// .old/src/fleet/open-fleet.ts
function openFleet(config) {
  checkFleetConfig(config);
  return fleetOf(openEngine(config));
}
function fleetOf(engine) {
  const actor = (key) => new ActorHandle(engine, checkKey(key));
  const flushing = () => {
    engine.refuse();
    return engine.flush();
  };
  return {
    actor,
    get events$() {
      return engine.events$;
    },
    get pressure() {
      return engine.pressure;
    },
    deliver: (delivery, handler) => awaitable(defer6(() => actor(delivery.key).deliver(delivery, handler))),
    abandon: (key, scheduledTime, delivered) => awaitable(
      defer6(() => {
        const asked = engine.use(key);
        engine.start(asked);
        return asked.loaded().pipe(
          concatMap5(() => asked.when(() => isSettled(asked))),
          concatMap5(() => {
            const kept = abandon(asked, scheduledTime, delivered);
            return asked.confirmed().pipe(map3(() => kept));
          })
        );
      })
    ),
    drained: () => awaitable(engine.drained()),
    ...closable(flushing, () => engine.close())
  };
}

// .old/src/fleet/keep-alarms.ts
function keepAlarms(config) {
  checkFleetConfig(config, { deliveries: true });
  const { deliveries } = config;
  if (deliveries !== void 0 && typeof deliveries !== "function") {
    throw configError("deliveries", "a function from the fleet to what runs beside it", deliveries);
  }
  return (intents$) => new Observable15((subscriber) => {
    const engine = openEngine(config);
    const inputs = new Subscription7(() => engine.close());
    let running = deliveries === void 0 ? 1 : 2;
    const end = (pass) => reportUncaught(() => endInputs(inputs, pass));
    const fail = (error) => end(() => subscriber.error(error));
    const complete = () => {
      if (--running > 0) return;
      listen(engine.drained(), inputs, {
        next: noop5,
        error: fail,
        complete: () => end(() => subscriber.complete())
      });
    };
    const intend = (intent) => {
      try {
        const time = wantedTime(intent, engine.clock, engine.checkTime);
        const actor = engine.use(intent.key);
        try {
          actor.follow(intent, time);
        } catch {
        }
        engine.start(actor);
      } catch (error) {
        engine.tell(intent?.key, { kind: "refused", error });
      }
    };
    subscriber.add(inputs);
    listen(engine.events$, inputs, { next: (event) => subscriber.next(event), error: fail, complete: noop5 });
    if (deliveries !== void 0) {
      const deliveries$ = fromUser("deliveries", () => deliveries(fleetOf(engine)));
      listen(deliveries$, inputs, { next: noop5, error: fail, complete });
    }
    listen(intents$, inputs, { next: intend, error: fail, complete });
  });
}

// .old/src/ledger/clock-steps.ts
var GRAIN = 2;
var LOOKS = 3;
var isStep = (by) => Math.abs(by) >= GRAIN;
function watchSteps(scheduler) {
  const elapsed = elapsedOf(scheduler);
  let known = ahead();
  function ahead() {
    for (let look2 = 1; ; look2++) {
      const before = elapsed();
      const now = scheduler.now();
      const after = elapsed();
      if (after - before < GRAIN / 2 || look2 === LOOKS) return now - after;
    }
  }
  function step() {
    const by = Math.round(ahead() - known);
    return isStep(by) ? by : 0;
  }
  return {
    elapsed,
    step,
    total: () => known + step(),
    allow(by) {
      known += by;
    }
  };
}

// .old/src/ledger/ledger-manager.ts
import { Observable as Observable18, Subject as Subject4 } from "rxjs";

// .old/src/ledger/alarm-list.ts
import { Observable as Observable16 } from "rxjs";
function alarmList(open) {
  const list$ = new Observable16((subscriber) => {
    const next = open();
    const emit = (page) => {
      if (page === null) subscriber.complete();
      else for (const alarm of page) subscriber.next(alarm);
      return page !== null && !subscriber.closed;
    };
    const read = () => {
      for (; ; ) {
        const page = next();
        if (page !== null && "then" in page) {
          const goOn = (later) => {
            if (emit(later)) read();
          };
          Promise.resolve(page).then(goOn).catch((error) => subscriber.error(error));
          return;
        }
        if (!emit(page)) return;
      }
    };
    read();
  });
  return Object.assign(list$, {
    async *[Symbol.asyncIterator]() {
      const next = open();
      for (let page = await next(); page !== null; page = await next()) yield* page;
    }
  });
}

// .old/src/ledger/dispatch.ts
import { Observable as Observable17, Subscription as Subscription9 } from "rxjs";

// .old/src/ledger/held-alarm.ts
function alarmId({ setBy, time }) {
  return `${setBy}-${time}`;
}
var noFailures = { counted: 0, uncounted: 0, lastError: null };
function written(before, key, time, { fence, move }, now) {
  const alarm = { ...noFailures, key, time, fence, setBy: fence, done: null, begun: false, changedAt: now };
  if (before === void 0) return { ...alarm, due: time, leasedUntil: null, holder: null };
  const held = byClock(before, now);
  if (fence === held.fence && (time === held.time || time !== null && time === held.done)) return before;
  if (move === "same" && time !== null && time === held.time) return { ...held, fence };
  const due = time === null ? null : Math.max(time, held.leasedUntil ?? time);
  return { ...held, ...alarm, due };
}
function byClock(held, now) {
  return now >= held.changedAt ? held : shifted(held, now - held.changedAt, now);
}
function shifted(held, by, now) {
  const { time, due, begun, leasedUntil, changedAt } = held;
  const end = leasedUntil === null ? null : leasedUntil + by;
  if (time === null) return { ...held, leasedUntil: end, changedAt: changedAt + by };
  if (due === null || !begun && end === null) return held;
  if (by > 0 && due <= now - by) return held;
  const over = end ?? due + by;
  return { ...held, due: begun ? over : Math.max(time, over), leasedUntil: end, changedAt: now };
}
function leased(held, holder, now, leasedUntil) {
  return { ...held, due: leasedUntil, begun: true, leasedUntil, holder, changedAt: now };
}
function answered(held, answer2, now) {
  if (held === void 0 || held.holder !== answer2.delivered.holder) return null;
  const free = { ...held, leasedUntil: null, holder: null, changedAt: now };
  const { kind, delivered } = answer2;
  if (kind === "done" || kind === "abandoned") {
    if (isWrittenSince(held, delivered)) return { ...free, ...noFailures, due: held.time, begun: false };
    const kept = kind === "abandoned" ? answer2.kept : null;
    return {
      ...free,
      ...noFailures,
      time: kept,
      due: kept,
      begun: false,
      done: kept === null ? held.time : null
    };
  }
  if (isReplaced(held, delivered)) return { ...free, due: held.time, begun: false };
  if (kind === "failed") {
    const due = now + (answer2.delay ?? 0);
    return { ...free, ...answer2.failures, lastError: answer2.lastError, due, begun: true };
  }
  if (kind === "given-up") return { ...free, due: null };
  return { ...free, due: delivered.due, begun: delivered.begun };
}
function isFailed({ time, due }) {
  return time !== null && due === null;
}
function retried(held, now) {
  return { ...held, counted: 0, uncounted: 0, due: now, changedAt: now };
}
function discarded(held, now) {
  return { ...held, ...noFailures, time: null, due: null, done: held.time, changedAt: now };
}
function isWrittenSince(held, delivered) {
  return held.fence !== delivered.fence || held.time !== delivered.time;
}
function isReplaced(held, delivered) {
  return held.setBy !== delivered.setBy || held.time !== delivered.time;
}

// .old/src/ledger/kept-error.ts
var NAME = 100;
var MESSAGE = 1e3;
function keptError(error, at) {
  const name = textOf(error, "name") ?? "Error";
  const message = textOf(error, "message") ?? given(error);
  return { name: cut(name, NAME), message: cut(message, MESSAGE), at };
}
function textOf(error, name) {
  const field = fieldOf(error, name);
  return typeof field === "string" && field !== "" ? field : null;
}
function cut(text, most) {
  return text.slice(0, most).replaceAll("\0", "\uFFFD").toWellFormed();
}

// .old/src/ledger/redelivery.ts
var RETRIES = 6;
var FIRST2 = 2e3;
var LONGEST2 = 1024e3;
function redeliver(key, { counted: behind, uncounted: uncounted2 }, error) {
  const [counted, retry] = [fieldOf(error, "counted"), fieldOf(error, "retry")];
  if (retry === false) {
    return { failures: { counted: RETRIES + 1, uncounted: uncounted2 }, counted: counted !== false, delay: null };
  }
  if (counted === false) return retryUncounted(key, { counted: behind, uncounted: uncounted2 });
  const failures = { counted: behind + 1, uncounted: uncounted2 };
  return { failures, counted: true, delay: isExhausted(failures) ? null : delayOf(key, failures) };
}
function retryUncounted(key, { counted, uncounted: uncounted2 }) {
  const failures = { counted, uncounted: uncounted2 + 1 };
  return { failures, counted: false, delay: delayOf(key, failures) };
}
function isExhausted({ counted }) {
  return counted > RETRIES;
}
function delayOf(key, { counted, uncounted: uncounted2 }) {
  const failure = counted + uncounted2;
  return Math.min(Math.round(FIRST2 * 2 ** (failure - 1) * (1 + jitter(key, failure) / 4)), LONGEST2);
}
function jitter(key, failure) {
  let hash = failure;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 16777619);
  hash = Math.imul(hash ^ hash >>> 13, 3266489909);
  return ((hash ^ hash >>> 16) >>> 0) / 2 ** 32;
}

// .old/src/ledger/answers.ts
function done(delivered) {
  return {
    answer: { kind: "done", delivered },
    story: (after) => ({ kind: "done", removed: after.time === null })
  };
}
function failed(delivered, error, now) {
  const { key } = delivered;
  const { failures, counted, delay } = isExhausted(delivered) ? retryUncounted(key, delivered) : redeliver(key, delivered, error);
  return {
    answer: { kind: "failed", delivered, failures, lastError: keptError(error, now), delay },
    story(after) {
      const isAgain = delay !== null && !isReplaced(after, delivered);
      return { kind: "failed", error, counted, retryAt: isAgain ? after.due : null };
    }
  };
}
function abandoned(delivered, kept) {
  return {
    answer: { kind: "abandoned", delivered, kept },
    story: (after) => ({ kind: "abandoned", kept: after.time })
  };
}
function givenUp(delivered) {
  const { lastError } = delivered;
  return {
    answer: { kind: "given-up", delivered },
    story: (after) => isReplaced(after, delivered) ? null : { kind: "given-up", lastError }
  };
}
function released(delivered) {
  return { answer: { kind: "released", delivered }, story: () => null };
}
function enter(ledger, { answer: answer2 }, now) {
  const after = answered(ledger.read(answer2.delivered.key), answer2, now);
  if (after !== null) ledger.save(after);
  return after;
}

// .old/src/ledger/look-again.ts
var MOST = 6e4;
function lookAgain2(scheduler, elapsed, ring) {
  let timer = null;
  let setTo = [null, null];
  return {
    set(due, lapse) {
      if (timer !== null && due === setTo[0] && lapse === setTo[1]) return;
      timer?.unsubscribe();
      timer = null;
      setTo = [due, lapse];
      if (due === null && lapse === null) return;
      const left = Math.min((due ?? Infinity) - scheduler.now(), (lapse ?? Infinity) - elapsed());
      let hasRung = false;
      const set = scheduler.schedule(
        () => {
          hasRung = true;
          timer = null;
          ring();
        },
        Math.min(Math.max(0, left), MOST)
      );
      if (!hasRung) timer = set;
    }
  };
}

// .old/src/ledger/runs.ts
import { Subscription as Subscription8 } from "rxjs";
function openRuns() {
  const runs = /* @__PURE__ */ new Map();
  let firstLapse = null;
  const take2 = (ended) => {
    for (const run2 of ended) if (runs.get(run2.delivered.key) === run2) runs.delete(run2.delivered.key);
    for (const { handler } of ended) reportUncaught(() => handler.unsubscribe());
    return ended;
  };
  return {
    get size() {
      return runs.size;
    },
    get firstLapse() {
      return runs.size === 0 ? null : firstLapse;
    },
    add(delivered, lapsesAt) {
      const replaced = runs.get(delivered.key);
      if (replaced !== void 0) take2([replaced]);
      const run2 = { delivered, lapsesAt, handler: new Subscription8() };
      if (runs.size === 0 || isBefore(lapsesAt, firstLapse)) firstLapse = lapsesAt;
      runs.set(delivered.key, run2);
      return run2;
    },
    end(run2) {
      take2([run2]);
    },
    expire(elapsed) {
      if (firstLapse === null || elapsed < firstLapse) return [];
      const ended = take2([...runs.values()].filter(({ lapsesAt }) => lapsesAt <= elapsed));
      firstLapse = null;
      for (const { lapsesAt } of runs.values()) if (isBefore(lapsesAt, firstLapse)) firstLapse = lapsesAt;
      return ended;
    },
    stop: () => take2([...runs.values()])
  };
}

// .old/src/ledger/stall.ts
var FIRST3 = 1e3;
var LONGEST3 = 1e4;
var ofAll = { key: "", scheduledTime: 0, fence: 0, retryCount: 0 };
function openStall(scheduler, notify) {
  let failures = 0;
  let since = 0;
  return {
    failed(error, delay = Math.min(FIRST3 * 2 ** failures, LONGEST3)) {
      const at = scheduler.now();
      if (failures++ === 0) since = at;
      notify({ at, ...ofAll, kind: "stalled", error, retryAt: at + delay });
      return delay;
    },
    over() {
      if (failures === 0) return;
      failures = 0;
      const at = scheduler.now();
      notify({ at, ...ofAll, kind: "resumed", stalledFor: Math.max(0, at - since) });
    }
  };
}
function canPass(error) {
  return error?.passes === true;
}

// .old/src/ledger/work-on.ts
import {
  defaultIfEmpty,
  endWith,
  ignoreElements as ignoreElements3,
  last,
  map as map4,
  of as of3
} from "rxjs";
function workOn(delivered, handler, abandon2) {
  const { key, time, fence, counted } = delivered;
  const scheduledTime = time;
  const delivery = { key, scheduledTime, fence, retryCount: counted, id: alarmId(delivered) };
  if (!isExhausted(delivered)) {
    return fromUser("The delivery handler", () => handler(delivery)).pipe(
      ignoreElements3(),
      endWith(done(delivered))
    );
  }
  if (abandon2 === void 0) return of3(givenUp(delivered));
  return fromUser("abandon", () => abandon2(key, scheduledTime, delivery)).pipe(
    defaultIfEmpty(null),
    last(),
    map4((kept) => abandoned(delivered, checkAlarmTime(kept)))
  );
}

// .old/src/ledger/dispatch.ts
function dispatch({ access, scheduler, lease, steps, news$, lapses$ }, handler, { concurrency = 100, abandon: abandon2 }) {
  return new Observable17((subscriber) => {
    const { elapsed } = steps;
    const context = currentContext();
    const holder = crypto.randomUUID();
    const runs = openRuns();
    let reports = [];
    let round = null;
    let next = 0;
    let total = steps.total();
    let isRunning = false;
    let isLooping = false;
    let isStirred = false;
    let rest = null;
    const timer = lookAgain2(scheduler, elapsed, loop);
    const emit = (event) => reportUncaught(() => subscriber.next(event));
    const stall = openStall(scheduler, emit);
    function loop() {
      isStirred = true;
      if (!isLooping) context.runInAsyncScope(goOn);
    }
    function goOn() {
      isLooping = true;
      while (isStirred && !subscriber.closed) {
        isStirred = false;
        lapses$.next();
        if (round !== null) begin2(round);
        if (mayRun() && (reports.length > 0 || isDue() || steps.total() !== total)) {
          isRunning = true;
          access.join(nextRound());
        }
      }
      isLooping = false;
      arm2();
    }
    function expire() {
      for (const { delivered } of runs.expire(elapsed())) tell2(delivered, { kind: "expired" });
    }
    const mayRun = () => !isRunning && rest === null && !subscriber.closed;
    const isDue = () => runs.size < concurrency && next !== null && next <= scheduler.now();
    function arm2() {
      if (isLooping || subscriber.closed) return;
      const due = mayRun() && runs.size < concurrency ? next : null;
      timer.set(due, runs.firstLapse);
    }
    function nextRound() {
      let entering = [];
      return {
        run(ledger) {
          const now = scheduler.now();
          const lapsesAt = elapsed() + lease;
          if (subscriber.closed) return { entered: [], taken: [], lapsesAt };
          entering = reports;
          reports = [];
          const entered = entering.map((report) => [report, enter(ledger, report, now)]);
          const taken = take2(ledger, now);
          next = ledger.nextDue();
          total = steps.total();
          return { entered, taken, lapsesAt };
        },
        done(result) {
          isRunning = false;
          round = result;
          stall.over();
          spread(result.entered.map(([, after]) => after));
          if (subscriber.closed) giveBack();
          else loop();
        },
        failed(error) {
          isRunning = false;
          if (subscriber.closed) return;
          reports = [...entering, ...reports];
          next = 0;
          if (!canPass(error)) return subscriber.error(error);
          const resting = new Subscription9();
          rest = resting;
          const delay = stall.failed(error);
          if (subscriber.closed) return;
          resting.add(
            scheduler.schedule(() => {
              rest = null;
              loop();
            }, delay)
          );
          arm2();
        }
      };
    }
    function take2(ledger, now) {
      const due = ledger.due(now, concurrency - runs.size);
      for (const held of due) ledger.save(leased(held, holder, now, now + lease));
      return due.map((held) => ({ ...held, holder }));
    }
    function begin2({ entered, taken, lapsesAt }) {
      round = null;
      const started = taken.map((delivered) => runs.add(delivered, lapsesAt));
      for (const [{ answer: answer2, story }, after] of entered) {
        tell2(answer2.delivered, after === null ? { kind: "expired" } : story(after));
      }
      for (const run2 of started) start(run2);
    }
    function start(run2) {
      const { delivered } = run2;
      if (!isExhausted(delivered)) {
        tell2(delivered, { kind: "delivered", lateness: scheduler.now() - delivered.due });
      }
      if (subscriber.closed) return;
      const answer2 = (report) => {
        runs.end(run2);
        reports.push(report);
        loop();
      };
      run2.handler.add(
        workOn(delivered, handler, abandon2).subscribe({
          next: answer2,
          error: (error) => answer2(failed(delivered, error, scheduler.now()))
        })
      );
    }
    function tell2({ key, time, fence, counted }, story) {
      if (story === null) return;
      const delivery = { key, scheduledTime: time, fence, retryCount: counted };
      emit({ at: scheduler.now(), ...delivery, ...story });
    }
    function giveBack() {
      const taken = [...runs.stop().map(({ delivered }) => delivered), ...round?.taken ?? []];
      const answers = [...reports, ...taken.map(released)];
      reports = [];
      round = null;
      if (answers.length === 0) return;
      const now = scheduler.now();
      const run2 = (ledger) => answers.map((report) => enter(ledger, report, now));
      try {
        spread(access.atOnce(run2));
      } catch (error) {
        if (canPass(error)) access.join({ run: run2, done: spread, failed() {
        } });
      }
    }
    function spread(changed) {
      let earliest2 = null;
      for (const held of changed) if (held !== null && isBefore(held.due, earliest2)) earliest2 = held.due;
      if (earliest2 !== null) news$.next(earliest2);
    }
    subscriber.add(lapses$.subscribe(() => context.runInAsyncScope(expire)));
    subscriber.add(
      news$.subscribe((due) => {
        if (steps.total() !== total) return loop();
        if (!isBefore(due, next)) return;
        next = due;
        arm2();
      })
    );
    subscriber.add(() => {
      timer.set(null, null);
      rest?.unsubscribe();
      giveBack();
    });
    arm2();
  });
}

// .old/src/ledger/failed-alarm.ts
function checkFailedAlarm(key, { fence } = {}) {
  checkKey(key);
  if (fence !== void 0 && !(Number.isSafeInteger(fence) && fence >= 0)) {
    throw configError("fence", "the fence of a listed alarm", fence);
  }
  return { key, fence: fence ?? null };
}

// .old/src/ledger/list-alarms.ts
var PAGE = 500;
var states = ["pending", "due", "delivering", "backing-off", "failed"];
function listAlarms(options, now, placeOf, openRead) {
  const { state, dueBefore = Infinity, after, limit = Infinity, prefix = "" } = checkList(options);
  const failed2 = state === void 0 ? null : state === "failed";
  return () => {
    const read = openRead();
    let place = typeof after === "object" ? { at: placeAt(after), key: after.key } : null;
    let left = limit;
    let isOver = false;
    const turn = (page, asked) => {
      const last2 = page.at(-1);
      if (last2 !== void 0) place = { at: placeAt(last2), key: last2.key };
      isOver = page.length < asked;
      const listed2 = page.map((held) => listedAs(held, now())).filter((alarm) => (state === void 0 || alarm.state === state) && alarm.key.startsWith(prefix)).slice(0, left);
      left -= listed2.length;
      return listed2;
    };
    const readOn = () => {
      const asked = prefix === "" && (state === void 0 || failed2) ? Math.min(PAGE, left) : PAGE;
      const before = state === "due" ? Math.min(dueBefore, now() + 1) : dueBefore;
      const page = read({ after: place, failed: failed2, before, limit: asked });
      return "then" in page ? page.then((later) => turn(later, asked)) : turn(page, asked);
    };
    const find = (found) => {
      if (found === null) {
        throw configError("after", "an alarm that was listed, or the key of one that is held", after);
      }
      place = found;
      return readOn();
    };
    return () => {
      if (isOver || left === 0) return null;
      if (typeof after !== "string" || place !== null) return readOn();
      const found = placeOf(after);
      return found !== null && "then" in found ? found.then(find) : find(found);
    };
  };
}
function placeAt({
  time,
  due
}) {
  return due ?? time;
}
function listedAs(held, now) {
  const { key, time, due, fence, counted, uncounted: uncounted2, lastError } = held;
  return {
    key,
    time,
    due,
    state: stateOf(held, now),
    fence,
    failures: counted + uncounted2,
    lastError
  };
}
function stateOf(held, now) {
  const { due, begun, leasedUntil, counted, uncounted: uncounted2 } = held;
  if (isFailed(held)) return "failed";
  if (leasedUntil !== null && leasedUntil > now) return "delivering";
  if (due <= now) return "due";
  return begun && counted + uncounted2 > 0 ? "backing-off" : "pending";
}
function checkList(options) {
  if (typeof options !== "object" || options === null) {
    throw configError("The options of list", "an object", options);
  }
  const { state, dueBefore, after, limit, prefix } = options;
  if (state !== void 0 && !states.includes(state)) {
    throw configError("state", `one of ${states.join(", ")}`, state);
  }
  if (dueBefore !== void 0) checkTime(dueBefore);
  if (limit !== void 0 && limit !== Infinity && !(Number.isSafeInteger(limit) && limit >= 0)) {
    throw configError("limit", "a whole number of alarms, 0 or more", limit);
  }
  if (prefix !== void 0 && typeof prefix !== "string") {
    throw configError("prefix", "the beginning of a key", prefix);
  }
  if (typeof after === "string") checkKey(after);
  else if (after !== void 0) {
    checkKey(after?.key);
    checkTime(placeAt(after));
  }
  return options;
}

// .old/src/ledger/manager-options.ts
import { asyncScheduler as asyncScheduler7 } from "rxjs";

// .old/src/vocabulary/whole-clock.ts
import { asyncScheduler as asyncScheduler6 } from "rxjs";
function wholeClock(scheduler) {
  if (scheduler.now === asyncScheduler6.now) return scheduler;
  return {
    now: () => Math.floor(scheduler.now()),
    schedule: scheduler.schedule.bind(scheduler),
    ...typeof scheduler.elapsed === "function" && { elapsed: () => scheduler.elapsed() }
  };
}

// .old/src/ledger/manager-options.ts
var managerNames = { scheduler: true, lease: true };
function checkManagerOptions(options) {
  if (typeof options !== "object" || options === null) {
    throw configError("The options of a manager", "an object", options);
  }
  const { scheduler = asyncScheduler7, lease = 3e4 } = options;
  if (typeof scheduler?.now !== "function" || typeof scheduler.schedule !== "function") {
    throw configError("scheduler", "an RxJS scheduler", scheduler);
  }
  return { scheduler: wholeClock(scheduler), lease: timerMilliseconds("lease", lease) };
}
var deliveryNames = { concurrency: true, abandon: true };
function checkDeliveries(handler, options) {
  const { concurrency, abandon: abandon2 } = options;
  checkNames("deliveries", options, deliveryNames);
  const isLimited = concurrency !== void 0 && concurrency !== Infinity;
  if (typeof handler !== "function") {
    throw configError(
      "The delivery handler",
      "a function that returns an Observable, a promise or an iterable",
      handler
    );
  }
  if (isLimited && (!Number.isSafeInteger(concurrency) || concurrency < 1)) {
    throw configError("concurrency", "a whole number of handlers, 1 or more, or Infinity", concurrency);
  }
  if (abandon2 !== void 0 && typeof abandon2 !== "function") {
    throw configError("abandon", "a function from the key and the time to the alarm that stands", abandon2);
  }
}

// .old/src/ledger/ledger-manager.ts
function ledgerManager(access, { scheduler, lease, steps }, news$ = new Subject4()) {
  const lapses$ = new Subject4();
  function changeFailed({ key, fence }, change) {
    return new Promise((resolve, reject) => {
      access.join({
        run(ledger) {
          const held = ledger.read(key);
          if (held === void 0 || !isFailed(held) || fence !== null && fence !== held.fence) return null;
          const after = change(held, scheduler.now());
          ledger.save(after);
          return after;
        },
        done(after) {
          if (after !== null && after.due !== null) news$.next(after.due);
          resolve(after !== null);
        },
        failed: reject
      });
    });
  }
  const placeOf = (key) => {
    const held = access.read(key);
    return held === void 0 || held.time === null ? null : { at: placeAt(held), key };
  };
  return {
    list: (options = {}) => alarmList(listAlarms(options, () => scheduler.now(), placeOf, access.openRead)),
    retry: async (key, options) => changeFailed(checkFailedAlarm(key, options), retried),
    discard: async (key, options) => changeFailed(checkFailedAlarm(key, options), discarded),
    get: (key) => access.read(checkKey(key))?.time ?? null,
    fenceOf: (key) => access.read(checkKey(key))?.fence ?? null,
    write: (key, time, info) => awaitable(
      new Observable18((subscriber) => {
        checkKey(key);
        checkFence(info?.fence);
        const alarm = checkAlarmTime(time);
        access.join({
          run(ledger) {
            if (subscriber.closed) return null;
            const held = ledger.read(key);
            if (held !== void 0 && info.fence < held.fence) {
              return new AlarmFencedError(key, info.fence, held.fence);
            }
            const after = written(held, key, alarm, info, scheduler.now());
            if (after !== held) ledger.save(after);
            return after;
          },
          done(after) {
            if (after instanceof AlarmFencedError) return subscriber.error(after);
            if (after !== null && after.due !== null) news$.next(after.due);
            subscriber.complete();
          },
          failed: (error) => subscriber.error(error)
        });
      })
    ),
    deliveries(handler, options = {}) {
      checkDeliveries(handler, options);
      return dispatch({ access, scheduler, lease, steps, news$, lapses$ }, handler, options);
    }
  };
}
function checkFence(fence) {
  if (!Number.isSafeInteger(fence) || fence < 0) {
    throw configError("The fence of a write", "a whole number, 0 or more, that grows with every write", fence);
  }
}

// .old/src/ledger/due-heap.ts
var DueHeap = class {
  items = [];
  get top() {
    return this.items[0];
  }
  /** Puts an item where its due time belongs, whether it is new or was in the heap. */
  put(item) {
    if (item.place === -1) item.place = this.items.push(item) - 1;
    this.rise(item);
    this.sink(item);
  }
  remove(item) {
    const { place } = item;
    if (place === -1) return;
    item.place = -1;
    const last2 = this.items.pop();
    if (last2 === item) return;
    last2.place = place;
    this.items[place] = last2;
    this.rise(last2);
    this.sink(last2);
  }
  rise(item) {
    for (let above = item.place - 1 >> 1; item.place > 0; above = item.place - 1 >> 1) {
      const parent = this.items[above];
      if (!isBefore2(item, parent)) return;
      this.swap(parent, item);
    }
  }
  sink(item) {
    for (; ; ) {
      const left = this.items[2 * item.place + 1];
      const right = this.items[2 * item.place + 2];
      const child = right !== void 0 && isBefore2(right, left) ? right : left;
      if (child === void 0 || !isBefore2(child, item)) return;
      this.swap(item, child);
    }
  }
  swap(upper, lower) {
    const { place } = upper;
    upper.place = lower.place;
    lower.place = place;
    this.items[lower.place] = lower;
    this.items[upper.place] = upper;
  }
};
function isBefore2(a, b) {
  return a.due < b.due || a.due === b.due && a.order < b.order;
}

// .old/src/ledger/memory-ledger.ts
var DAY = 864e5;
function memoryLedger(scheduler, steps) {
  const entries = /* @__PURE__ */ new Map();
  const heap = new DueHeap();
  let order = 0;
  const removals = /* @__PURE__ */ new Set();
  function forget2(before) {
    let left = 2;
    for (const key of removals) {
      if (left-- === 0 || entries.get(key).held.changedAt > before) return;
      removals.delete(key);
      entries.delete(key);
    }
  }
  const ledger = {
    read: (key) => entries.get(key)?.held,
    save(held) {
      const { key, due, changedAt } = held;
      const entry = entries.get(key) ?? { held, due: 0, order: order++, place: -1 };
      entry.held = held;
      entries.set(key, entry);
      removals.delete(key);
      if (due === null) {
        heap.remove(entry);
        if (held.time === null) removals.add(key);
      } else {
        entry.due = due;
        heap.put(entry);
      }
      forget2(changedAt - DAY);
    },
    // One at a time: what its handler does to the others is seen before they are taken.
    due: (now) => heap.top !== void 0 && heap.top.due <= now ? [heap.top.held] : [],
    nextDue: () => heap.top?.due ?? null
  };
  const comesAfter = ({ held, order: own }, { at, key }) => placeAt(held) > at || placeAt(held) === at && own > (entries.get(key)?.order ?? -1);
  function inOrder2({ after, failed: failed2, before }) {
    return [...entries.values()].filter(({ held }) => held.time !== null && placeAt(held) < before).filter(({ held }) => failed2 === null || failed2 === (held.due === null)).filter((entry) => after === null || comesAfter(entry, after)).sort((a, b) => placeAt(a.held) - placeAt(b.held) || a.order - b.order).map(({ held }) => held);
  }
  function allowForSteps() {
    const by = steps.step();
    if (by === 0) return;
    steps.allow(by);
    const now = scheduler.now();
    for (const { held } of [...entries.values()]) {
      const after = shifted(held, by, now);
      if (after !== held) ledger.save(after);
    }
  }
  return {
    read: ledger.read,
    openRead() {
      let all = null;
      let from3 = 0;
      return (excerpt) => {
        all ??= inOrder2(excerpt);
        const page = all.slice(from3, from3 + excerpt.limit);
        from3 += page.length;
        return page;
      };
    },
    atOnce(run2) {
      allowForSteps();
      return run2(ledger);
    },
    join(step) {
      allowForSteps();
      step.done(step.run(ledger));
    }
  };
}

// .old/src/ledger/memory-manager.ts
function memoryManager(options = {}) {
  checkNames("memoryManager", options, managerNames);
  const checked = checkManagerOptions(options);
  const steps = watchSteps(checked.scheduler);
  return ledgerManager(memoryLedger(checked.scheduler, steps), { ...checked, steps });
}

// .old/src/operators/classify-moves.ts
import { asyncScheduler as asyncScheduler8, map as map5 } from "rxjs";
function classifyMoves(bound, scheduler = asyncScheduler8) {
  const readBound = typeof bound === "function" ? bound : () => bound;
  return map5((intent) => {
    const wanted = wantedTime(intent, scheduler);
    const bound2 = checkAlarmTime(readBound());
    const time = wanted === void 0 ? bound2 : wanted;
    return { move: moveTo(time, bound2), time, intent: settled(intent, time) };
  });
}

// .old/src/operators/conflate-map.ts
import { defer as defer7, EMPTY as EMPTY5, Observable as Observable19, Subscription as Subscription10 } from "rxjs";

// .old/src/operators/one-at-a-time.ts
import { noop as noop6 } from "rxjs";
function oneAtATime(inputs, { next, value, error, idle: idle2 }) {
  let running = false;
  let looping = false;
  function take2() {
    try {
      return next();
    } catch (cause) {
      error(cause);
      return null;
    }
  }
  function begin2({ run$, context }) {
    const run2 = () => {
      listen(run$, inputs, { next: value, error, complete: noop6 }).add(() => {
        running = false;
        loop();
      });
    };
    if (context === null) run2();
    else context.runInAsyncScope(run2);
  }
  function loop() {
    if (looping || running || inputs.closed) return;
    looping = true;
    let turn = take2();
    while (turn !== null && !inputs.closed) {
      running = true;
      begin2(turn);
      turn = running || inputs.closed ? null : take2();
    }
    looping = false;
    if (!running && !inputs.closed) idle2();
  }
  return loop;
}

// .old/src/operators/conflate-map.ts
function conflateMap(project) {
  return (source) => new Observable19((subscriber) => {
    const inputs = new Subscription10();
    let waiting = null;
    let running = false;
    let ended = false;
    let index = 0;
    function fail(error) {
      endInputs(inputs, () => subscriber.error(error));
    }
    const settle = oneAtATime(inputs, {
      next() {
        if (waiting === null) return null;
        const { value, context } = waiting;
        waiting = null;
        running = true;
        const run$ = defer7(() => {
          const results$ = fromUser("project", () => project(value, index++));
          return inputs.closed ? EMPTY5 : results$;
        });
        return { run$, context };
      },
      value: (result) => subscriber.next(result),
      error: fail,
      idle() {
        running = false;
        if (ended) endInputs(inputs, () => subscriber.complete());
      }
    });
    subscriber.add(inputs);
    listen(source, inputs, {
      next(value) {
        waiting = { value, context: running ? currentContext() : null };
        settle();
      },
      error: fail,
      complete() {
        ended = true;
        settle();
      }
    });
  });
}

// .old/src/timers/max-postpone.ts
import { asyncScheduler as asyncScheduler9, defer as defer8, map as map6 } from "rxjs";
function postpone(standing, wanted, ms, now) {
  const time = checkTime(wanted);
  checkMilliseconds("ms", ms);
  if (standing.time === null)
    return { time, limit: Math.max(time, Math.min(Math.floor(now) + ms, Number.MAX_SAFE_INTEGER)) };
  const limit = Math.max(standing.time, Math.min(standing.limit ?? 0, Math.floor(now) + ms));
  return { time: Math.min(time, limit), limit };
}
function maxPostpone(ms, options = {}) {
  const { initial = null, limit = null, scheduler = asyncScheduler9 } = options;
  checkNames("maxPostpone", options, names);
  checkMilliseconds("ms", ms);
  checkAlarmTime(limit);
  const stored = { time: checkAlarmTime(initial), limit };
  return (intents$) => defer8(() => {
    let standing = stored;
    return intents$.pipe(
      map6((intent) => {
        const wanted = wantedTime(intent, scheduler);
        if (wanted === void 0) return { ...intent, limit: standing.limit };
        standing = wanted === null ? { time: null, limit: null } : postpone(standing, wanted, ms, scheduler.now());
        return { ...settled(intent, standing.time), limit: standing.limit };
      })
    );
  });
}
var names = { initial: true, limit: true, scheduler: true };

// .old/src/timers/multiplex-timers.ts
import {
  asyncScheduler as asyncScheduler10,
  catchError as catchError2,
  concat as concat3,
  defer as defer10,
  EMPTY as EMPTY6,
  endWith as endWith2,
  finalize as finalize3,
  ignoreElements as ignoreElements4,
  map as map7,
  of as of4
} from "rxjs";

// .old/src/operators/one-by-one.ts
import { defer as defer9, noop as noop7, Observable as Observable20, Subscription as Subscription11 } from "rxjs";
function oneByOne(next) {
  return new Observable20((subscriber) => {
    const inputs = new Subscription11();
    const context = currentContext();
    subscriber.add(inputs);
    oneAtATime(inputs, {
      next() {
        const made = next();
        return made && { run$: defer9(made), context };
      },
      value: noop7,
      error: (error) => endInputs(inputs, () => subscriber.error(error)),
      idle: () => endInputs(inputs, () => subscriber.complete())
    })();
  });
}

// .old/src/timers/timers.ts
var noTimers = { sets: 0, list: [] };
function earliest({ list }) {
  return list[0]?.due ?? null;
}
function findTimer({ list }, name) {
  return list.find((timer) => timer.name === name);
}
function dueTimers({ list }, now) {
  return list.filter(({ due }) => due <= now);
}
function setTimer({ sets, list }, name, time) {
  const serial = sets + 1;
  const timer = { name, time, due: time, serial, counted: 0, uncounted: 0 };
  return { sets: serial, list: inOrder([...without(list, name), timer]) };
}
function deleteTimer(timers, name) {
  return findTimer(timers, name) === void 0 ? timers : { ...timers, list: without(timers.list, name) };
}
function isStanding(timers, { name, serial }) {
  return findTimer(timers, name)?.serial === serial;
}
function timerId({ serial }) {
  return `${serial}`;
}
function isSetTo(timer, time) {
  return timer.time === time && timer.counted + timer.uncounted === 0;
}
function timerDone(timers, timer) {
  return isStanding(timers, timer) ? deleteTimer(timers, timer.name) : timers;
}
function timerFailed(timers, timer, error, now) {
  if (!isStanding(timers, timer)) return timers;
  const { name } = timer;
  const { failures, delay } = isExhausted(timer) ? retryUncounted(name, timer) : redeliver(name, timer, error);
  const again = { ...timer, ...failures, due: Math.ceil(now) + (delay ?? 0) };
  return { ...timers, list: inOrder([...without(timers.list, name), again]) };
}
function bounded(timers, now) {
  const endOf = (timer) => Math.ceil(now) + delayOf(timer.name, timer);
  const isLonger = (timer) => timer.counted + timer.uncounted > 0 && timer.due > endOf(timer);
  if (!timers.list.some(isLonger)) return timers;
  const list = timers.list.map((timer) => isLonger(timer) ? { ...timer, due: endOf(timer) } : timer);
  return { ...timers, list: inOrder(list) };
}
function without(list, name) {
  const at = list.findIndex((timer) => timer.name === name);
  return at === -1 ? list : list.toSpliced(at, 1);
}
function inOrder(list) {
  return list.toSorted((a, b) => a.due - b.due || a.serial - b.serial);
}

// .old/src/timers/multiplex-timers.ts
var unconfirmed = { allowUnconfirmed: true };
function multiplexTimers(config) {
  const { alarm, load, save, scheduler = asyncScheduler10 } = checkTimersConfig(config);
  const checkTime2 = timeCheckFor(alarm);
  let run2 = null;
  let isReadBack = false;
  let cutOff = /* @__PURE__ */ new Set();
  let foundSets = null;
  function timers() {
    const loaded = bounded(load() ?? noTimers, scheduler.now());
    foundSets ??= loaded.sets;
    return loaded;
  }
  function isBegun({ serial, due }) {
    if (serial === run2?.serial || cutOff.has(serial)) return true;
    return serial <= (foundSets ?? 0) && due <= scheduler.now();
  }
  function keep(next, options) {
    const standing = alarm.time ?? run2?.alarm ?? null;
    save(next, options);
    checkReadBack(next);
    const due = earliest(next);
    if (isBefore(due, standing) || run2 === null && due !== standing) move(due, options);
    else alarm.touch(options);
  }
  function checkReadBack(saved) {
    if (isReadBack) return;
    const { sets, list } = timers();
    isReadBack = sets === saved.sets && list.length === saved.list.length;
    if (!isReadBack) throw unread();
  }
  function move(time, options) {
    if (time === null) alarm.delete(options);
    else alarm.set(time, options);
  }
  function confirm(options) {
    const { time } = alarm;
    if (time === null) alarm.touch(options);
    else alarm.set(time, options);
  }
  function handleDue({ scheduledTime }, handler, abandon2) {
    const own = { alarm: scheduledTime, serial: null, isUnasked: false };
    return defer10(() => {
      run2 = own;
      const due = dueTimers(timers(), Math.max(scheduledTime, scheduler.now()));
      const queue = [...due.filter(isUncut), ...due.filter((timer) => !isUncut(timer))];
      cutOff = new Set([...cutOff].filter((serial) => due.some((timer) => timer.serial === serial)));
      let handled = 0;
      return concat3(
        oneByOne(() => {
          const timer = queue[handled++];
          return timer === void 0 ? null : () => handleOne(own, timer, handler, abandon2);
        }),
        defer10(() => settle(own))
      );
    }).pipe(
      catchError2((cause) => {
        throw notTheHandlers(cause);
      }),
      finalize3(() => {
        if (own.serial !== null) cutOff.add(own.serial);
        if (run2 === own) run2 = null;
      })
    );
  }
  const isUncut = ({ serial }) => !cutOff.has(serial);
  function handleOne(own, timer, handler, abandon2) {
    if (!isStanding(timers(), timer)) return EMPTY6;
    if (own.isUnasked) alarm.touch(unconfirmed);
    own.isUnasked = false;
    own.serial = timer.serial;
    const { name, time, counted } = timer;
    const info = { id: timerId(timer), name, scheduledTime: time, retryCount: counted, isRetry: counted > 0 };
    return fromUser("The handler", () => (isExhausted(timer) ? abandon2 : handler)(info)).pipe(
      ignoreElements4(),
      endWith2(null),
      catchError2((error) => of4({ error })),
      map7((failure) => {
        own.serial = null;
        const before = timers();
        const after = failure === null ? timerDone(before, timer) : timerFailed(before, timer, failure.error, scheduler.now());
        if (after === before) return;
        save(after, unconfirmed);
        own.isUnasked = true;
      })
    );
  }
  function settle(own) {
    run2 = null;
    const due = earliest(timers());
    const standing = alarm.time;
    if (due !== standing) move(due, unconfirmed);
    if (own.isUnasked && due !== null && due === standing) alarm.touch(unconfirmed);
    return EMPTY6;
  }
  function set(name, at, options) {
    checkConfirmation(options);
    const before = timers();
    const standing = findTimer(before, checkKey(name));
    const isThere = standing !== void 0 && isSetTo(standing, at) && !isBegun(standing);
    if (isThere) confirm(options);
    else keep(setTimer(before, name, at), options);
    if (run2 === null && alarm.time === at) alarm.set(at, options);
  }
  return {
    get(name) {
      const timer = findTimer(timers(), checkKey(name));
      return timer === void 0 || timer.serial === run2?.serial ? null : timer.time;
    },
    set: (name, time, options) => set(name, checkTime2(time), options),
    setIn: (name, ms, options) => set(name, timeIn(ms, scheduler.now()), options),
    delete(name, options) {
      checkConfirmation(options);
      const before = timers();
      const after = deleteTimer(before, checkKey(name));
      if (after !== before) keep(after, options);
      return after !== before;
    },
    deliver(wakeup, handler, options = {}) {
      const { abandon: abandon2 = () => EMPTY6 } = options;
      checkNames("deliver", options, { abandon: true });
      if (typeof handler !== "function") return alarm.deliver(wakeup, handler);
      return alarm.deliver(wakeup, (info) => handleDue(info, handler, abandon2));
    }
  };
}
function checkTimersConfig(config) {
  const { alarm, load, save } = config ?? {};
  if (typeof alarm?.touch !== "function") {
    throw configError("alarm", "what openAlarm returns, or the alarm of a store", alarm);
  }
  if (typeof load !== "function") throw configError("load", "a function that returns timers", load);
  if (typeof save !== "function") throw configError("save", "a function that takes timers", save);
  checkNames("multiplexTimers", config, names2);
  return config;
}
var names2 = { alarm: true, load: true, save: true, scheduler: true };
function unread() {
  return new AlarmError(
    "ALARM_CONFIG_INVALID",
    "load must return at once what save was given; it returned other timers. Keep them where they can be read back within the turn, as store.get and store.put of sqliteStore do. What sqliteStores shows is durable only: give such an actor a sqliteStore of its own."
  );
}
function notTheHandlers(cause) {
  if (fieldOf(cause, "counted") === false) return cause;
  return new AlarmError(
    "ALARM_COMMIT_FAILED",
    "The timers could not be loaded or saved, so their delivery stays open. Nothing is lost: answer the manager with this error and it delivers again.",
    { cause, counted: false }
  );
}
export {
  AlarmError,
  AlarmFencedError,
  classifyMoves,
  conflateMap,
  deleteAlarm,
  gate,
  keepAlarm,
  keepAlarms,
  latestWhen,
  maxPostpone,
  memoryManager,
  multiplexTimers,
  openAlarm,
  openFleet,
  postpone,
  setAlarm,
  setAlarmIn,
  touchAlarm
};
