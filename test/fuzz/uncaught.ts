import { config } from 'rxjs'

/** Collects every error that nothing has caught, from here until `end`, in place of what else would report it. */
export function uncaught(): { end(): Promise<readonly unknown[]> } {
  const heard: unknown[] = []
  const hear = (error: unknown): void => void heard.push(error)
  const names = ['uncaughtException', 'unhandledRejection'] as const
  const others = names.map((name) => process.listeners(name as 'uncaughtException'))
  const before = config.onUnhandledError
  for (const name of names) process.removeAllListeners(name).on(name, hear)
  config.onUnhandledError = hear
  return {
    async end() {
      // RxJS reports by a timer, which is real.
      for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setTimeout(resolve, 1))
      config.onUnhandledError = before
      names.forEach((name, i) => {
        process.removeAllListeners(name)
        for (const listener of others[i]!) process.on(name, listener)
      })
      return heard
    },
  }
}
