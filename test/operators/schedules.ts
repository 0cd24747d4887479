/** Every word of `length` letters: every schedule of that many actions. */
export function* words<L>(letters: readonly L[], length: number): Generator<readonly L[]> {
  if (length === 0) return yield []
  for (const rest of words(letters, length - 1)) {
    for (const letter of letters) yield [letter, ...rest]
  }
}
