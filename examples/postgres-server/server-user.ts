import { readFileSync } from 'node:fs'

/** As which user a server runs. */
export interface ServerUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** PostgreSQL refuses to be run by root, and wants a user that has a name: `nobody` where there is one. `null`: as this process. */
export function serverUser(passwd = '/etc/passwd'): ServerUser | null {
  if (process.getuid?.() !== 0) return null
  const users = readFileSync(passwd, 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length > 3 && Number(fields[2]) !== 0)
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
  const found = ['nobody', 'postgres'].map((name) => users.find((user) => user.name === name)).find(Boolean)
  const user = found ?? users[0]
  if (user === undefined) {
    throw new Error(
      `PostgreSQL refuses to be run by root, and ${passwd} names no other user to run it as. Add one (useradd, adduser), or run this as another user.`,
    )
  }
  return user
}
