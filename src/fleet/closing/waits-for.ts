/** What an alarm waits for that is not drained, as the error of a close says it. */
export function waitsFor(alarm: { readonly isConfirmed: boolean; readonly isStoreFree: boolean }): string {
  if (alarm.isConfirmed) return 'the manager to take the later alarm'
  return alarm.isStoreFree ? 'the manager to take the earlier alarm' : 'the store to commit the alarm'
}
