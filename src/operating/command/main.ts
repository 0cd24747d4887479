#!/usr/bin/env node
import { runCommand } from './run-command.ts'
import { EXIT } from './usage.ts'

// What `ps` shows: the arguments may hold a password.
process.title = 'nolater'

// node:sqlite calls itself experimental on Node 22, which is nothing that a user of the command can change.
process.removeAllListeners('warning')

// The reader of a pipe has gone (`| head`): there is nothing to say, and no harm.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    // What was asked for is lost: a script must not take it for an answer.
    if (stream === process.stdout) process.stderr.write(`nolater: it cannot print: ${error.message}\n`)
    process.exit(EXIT.failed)
  })
}

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort(signal))

process.exitCode = await runCommand(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  say: (text) => void process.stderr.write(text),
  isTerminal: process.stdout.isTTY === true,
  columns: process.stdout.columns ?? 80,
  now: Date.now,
  env: process.env,
  signal: stop.signal,
})
