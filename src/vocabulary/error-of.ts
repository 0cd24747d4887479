import { AlarmError } from './errors.ts'
import { given, reason } from './given.ts'

/** A time that no alarm can have. */
export function timeError(
  time: unknown,
  message = `An alarm time is a whole number of milliseconds since the epoch, 0 or more, or a valid Date; given ${given(time)}. ` +
    'To remove the alarm use delete().',
): AlarmError {
  return new AlarmError('ALARM_TIME_INVALID', message)
}

/** A config that cannot work: refused before anything is opened. */
export function configError(what: string, expected: string, value: unknown): AlarmError {
  return new AlarmError('ALARM_CONFIG_INVALID', `${what} must be ${expected}; given ${given(value)}.`)
}

/** An earlier move that the manager did not take: nothing was committed. */
export function precommitError(key: string, time: string, cause: unknown): AlarmError {
  const message =
    `The manager did not take the earlier alarm ${time} of ${given(key)}, so it was not committed: ${reason(cause)}. ` +
    'Open the alarm again from its store; a fleet does so when it is asked next.'
  return uncounted('ALARM_PRECOMMIT_FAILED', message, cause)
}

/** A commit that the store refused: the manager may now be early, which heals at the wake-up. */
export function commitError(key: string, time: string, cause: unknown): AlarmError {
  const message =
    `The store did not commit the alarm ${time} of ${given(key)}: ${reason(cause)}. ` +
    'Open the alarm again from its store; a fleet does so when it is asked next.'
  return uncounted('ALARM_COMMIT_FAILED', message, cause)
}

/** A write that a delivery had to wait for and that failed: the manager should deliver again. */
export function writeError(key: string, time: string, cause: unknown): AlarmError {
  const message =
    `The manager did not take the alarm ${time} of ${given(key)}, so its delivery stays open: ${reason(cause)}. ` +
    'Nothing is lost: answer the manager with this error and it delivers again.'
  return uncounted('ALARM_WRITE_FAILED', message, cause)
}

/** What was thrown where nothing may throw: a clock, a stack that is full, or a fault of this library. */
export function internalError(key: string, cause: unknown): AlarmError {
  const message =
    `The alarm of ${given(key)} is broken by what was thrown while it was being kept: ${reason(cause)}. Nothing that was not ` +
    'durable is done. Open the alarm again from its store; a fleet does so when it is asked next.'
  return uncounted('ALARM_INTERNAL', message, cause)
}

/** Something was asked of an alarm after `close()`. */
export function closedError(key: string): AlarmError {
  const message = `The alarm of ${given(key)} was closed. Open it again from its store.`
  return new AlarmError('ALARM_CLOSED', message, { counted: false })
}

/** The same of all alarms of a fleet that had nothing to do when it was closed. */
export function fleetClosedError(): AlarmError {
  return new AlarmError('ALARM_CLOSED', 'The fleet of this alarm was closed. Open another one.', {
    counted: false,
  })
}

/** Something was asked that cannot be answered while the store is being read. */
export function loadingError(key: string): AlarmError {
  const message = `The alarm of ${given(key)} is being loaded, so its time is not known yet. Wait for confirmed(), then ask again.`
  return new AlarmError('ALARM_LOADING', message, { counted: false })
}

/** An actor was asked for that a fleet has no room for: it was not loaded, and nothing that was asked of it was done. */
export function fullError(key: string, most: number): AlarmError {
  const message =
    `The fleet keeps at most ${most} actors in memory (maxActors), and all of them are at work, so ${given(key)} was not loaded, and ` +
    'nothing was done. Ask again when fleet.pressure.actors is lower; give more memory, and a higher maxActors.'
  return new AlarmError('ALARM_FLEET_FULL', message, { counted: false })
}

/** An actor that a fleet could not load from its store: what was asked of it meanwhile is lost. */
export function loadError(key: string, cause: unknown): AlarmError {
  const message =
    `The store did not load the alarm of ${given(key)}, so nothing asked of it was done: ${reason(cause)}. ` +
    'Ask again, and it is loaded again.'
  return uncounted('ALARM_LOAD_FAILED', message, cause)
}

/** What a config's function returned did not end within `timeout`: the cause of what failed by it. It may still be done later. */
export function timeoutError(what: string, timeout: number): AlarmError {
  const message =
    `${what} must complete within the timeout of ${timeout} ms; it did not answer, and was unsubscribed. What it asked for may still be done: ` +
    'see why it is slow, or give a longer timeout.'
  return new AlarmError('ALARM_TIMEOUT', message, { counted: false })
}

function uncounted(code: AlarmError['code'], message: string, cause: unknown): AlarmError {
  return new AlarmError(code, message, { cause, counted: false })
}
