import type { Progress } from './conductor.ts'
import { progressLine } from './report.ts'

/** Shows how far a run is: one line that changes on a terminal, a line every two seconds elsewhere. */
export function openProgress(out: NodeJS.WriteStream): { show(progress: Progress): void; end(): void } {
  let shownAt = -Infinity
  return {
    show(progress) {
      if (out.isTTY) {
        out.write(`\r\x1b[2K${progressLine(progress).slice(0, (out.columns || 80) - 1)}`)
      } else if (progress.elapsed - shownAt >= 2_000) {
        shownAt = progress.elapsed
        out.write(`${progressLine(progress)}\n`)
      }
    },
    end() {
      if (out.isTTY) out.write('\n')
    },
  }
}
