import { sqliteFleet } from '../../../src/sqlite/fleet/sqlite-fleet.ts'

// A process that changes an actor, and is killed where the event is emitted; or goes on to change actors at random until it is killed.
const [file = '', event = '', time = ''] = process.argv.slice(2)
const fleet = await sqliteFleet({ file, timeout: 60_000, handler: () => [] })
const die = (): boolean => process.kill(process.pid, 'SIGKILL')

const change = (key: string, n: number, at: number): Promise<void> =>
  fleet.change(key, async (tx, alarm) => {
    await tx.query('INSERT INTO state VALUES ($1, $2, $3) ON CONFLICT DO UPDATE SET n = $2, time = $3', [
      key,
      n,
      at,
    ])
    alarm.set(at)
  })

if (event === 'at random') {
  const start = Date.now() + 3_600_000
  for (let n = 1; ; n++) {
    await Promise.all(
      ['a', 'b', 'c', 'd'].map(async (key) => {
        await change(key, n, start + Math.floor(Math.random() * 1_000))
        process.stdout.write(`${key} ${n}\n`)
      }),
    )
  }
}
const { rows } = await fleet.change('a', (tx) => tx.query('SELECT max(n) AS n FROM state'))
await fleet.drained()
fleet.events$.subscribe(({ kind }) => {
  if (kind === event) die()
})
await change('a', rows[0].n + 1, Number(time))
die()
