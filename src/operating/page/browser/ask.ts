import type { Action } from '../shapes.ts'

const { csrf = '' } = document.body.dataset
const PATIENCE = 20_000 // ms

/** Asks the server that this page came from. Rejects with what it says, where it refuses. */
export async function ask<T>(route: string, query: Readonly<Record<string, string>>): Promise<T> {
  return (
    await answered(fetch(`${route}?${new URLSearchParams(query)}`, { signal: AbortSignal.timeout(PATIENCE) }))
  ).json()
}

export async function askToChange(action: Action, body: object): Promise<void> {
  await answered(
    fetch(action, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-nolater': csrf },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE),
    }),
  )
}

async function answered(asked: Promise<Response>): Promise<Response> {
  const response = await asked.catch(() => {
    throw new Error('The server does not answer.')
  })
  if (response.ok) return response
  throw new Error((await response.text()).trim() || `The server answers ${response.status}.`)
}
