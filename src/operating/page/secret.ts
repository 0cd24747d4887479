import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Compares in a time that says nothing about how much of it was right. */
export function isSecret(given: string | undefined, secret: string): boolean {
  return timingSafeEqual(digest(given ?? ''), digest(secret))
}

/** A secret for one use, made of the token: the same in every process that has it. Without one it is a random one. */
export function secretFor(use: string, token: string | false | undefined): string {
  if (typeof token !== 'string') return newToken()
  return createHmac('sha256', token).update(`nolater ${use}`).digest('base64url')
}

export function newToken(): string {
  return randomBytes(24).toString('base64url')
}
