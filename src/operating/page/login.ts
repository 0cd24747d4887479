import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type Answer, redirect, refuse } from './answer.ts'
import { isLink } from './guard.ts'
import { isSecret, secretFor } from './secret.ts'

/** Asks for the token, once in the URL and from then on in a cookie; `null`: it was given. */
export function openLogin(
  token: string | false | undefined,
): (request: IncomingMessage, isPage: boolean, query: URLSearchParams) => Answer | null {
  if (typeof token !== 'string') return () => null
  const session = secretFor('session', token)
  // Cookies are shared by all ports of a host: two pages on one machine must not take each other's.
  const name = `nolater-${createHash('sha256').update(session).digest('hex').slice(0, 12)}`

  return (request, isPage, query) => {
    const given = query.get('token')
    if (isPage && given !== null && isSecret(given, token)) {
      const secure = isEncrypted(request) ? '; Secure' : ''
      return redirect(303, './', { 'set-cookie': `${name}=${session}; HttpOnly; SameSite=Strict${secure}` })
    }
    if (isSecret(cookieOf(request, name), session)) return null
    if (request.headers['sec-fetch-site'] === 'cross-site' && isLink(request) && given === null) return again
    return refuse(401, 'This page has a token. Open it by the URL that was printed where it was started.')
  }
}

/** A link from another site comes without the cookie; what this page asks for itself comes with it. */
const again: Answer = {
  status: 401,
  type: 'text/html; charset=utf-8',
  body: '<!doctype html><title>nolater</title><meta http-equiv="refresh" content="0" />',
}

function cookieOf({ headers: { cookie = '' } }: IncomingMessage, name: string): string | undefined {
  const own = cookie.split(/; */).find((pair) => pair.startsWith(`${name}=`))
  return own?.slice(name.length + 1)
}

function isEncrypted({ socket, headers }: IncomingMessage): boolean {
  return 'encrypted' in socket || headers['x-forwarded-proto'] === 'https'
}
