import type { Attributes } from '@opentelemetry/api'

const CODE = /^[A-Z0-9_]{1,64}$/

/** `error.type`: the error's code or its name, which are few, and never its message, which are many. */
export function errorType(error: unknown): string {
  const { code } = Object(error) as { code?: unknown }
  if (typeof code === 'string' && CODE.test(code)) return code
  return error instanceof Error ? error.name : '_OTHER'
}

export const failedWith = (error: unknown): Attributes => ({ 'error.type': errorType(error) })
