/** What a matcher complains of, or `nothing`. */
export function complaintOf(check: () => unknown): string {
  try {
    check()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing'
}
