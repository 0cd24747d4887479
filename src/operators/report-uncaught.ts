/** Calls what others must not suffer from: what it throws is reported as RxJS reports what cannot be caught. */
export function reportUncaught(call: () => void): void {
  try {
    call()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
