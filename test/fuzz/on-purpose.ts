import { OnPurpose } from '../world/misbehaviour.ts'

/** What user code throws where nothing can catch it is reported as it is, and so is what breaks an alarm without a listener. */
export function isOnPurpose(error: unknown, thrown: ReadonlySet<unknown>): boolean {
  if (thrown.has(error) || error instanceof OnPurpose || isAlarmError(error) || isOfPrinting(error))
    return true
  try {
    const { errors, cause } = error as { errors?: unknown[]; cause?: unknown }
    return (Array.isArray(errors) && errors.every((each) => isOnPurpose(each, thrown))) || thrown.has(cause)
  } catch {
    return true
  }
}

/** RxJS puts what teardowns throw into one message, which fails by itself where that cannot be printed. */
function isOfPrinting(error: unknown): boolean {
  const text = describe(error)
  return /revoked/.test(text) || /^TypeError: .*\n.*UnsubscriptionError/.test(text)
}

/** Typed, as every error of the library is. */
function isAlarmError(error: unknown): boolean {
  try {
    return /^ALARM_/.test((error as { code: string }).code)
  } catch {
    return false
  }
}

export function describe(error: unknown): string {
  try {
    return String((error as Error)?.stack ?? error)
  } catch {
    return 'what cannot be printed'
  }
}
