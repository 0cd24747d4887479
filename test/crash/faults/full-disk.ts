import type { Fault } from './fault.ts'

/** The disk that all the files are on is full to the last byte. Needs a small disk of the run's own. */
export const fullDisk: Fault = {
  name: 'full disk',
  bite: /SQLITE_(10|13)\b/, // I/O error, full: which of the two depends on the file that wanted to grow
  begin: ({ disk }) => disk?.fill() ?? null,
}
