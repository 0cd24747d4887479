const [LEAST, MOST] = [60, 160] // a drawing that is narrower or wider cannot be read
const ELSEWHERE = 110 // a file or a pipe has no width

/** Columns for a drawing: those of the terminal, within reason. */
export function drawingWidth({ isTTY, columns }: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>): number {
  return isTTY ? Math.min(Math.max(columns, LEAST), MOST) : ELSEWHERE
}
