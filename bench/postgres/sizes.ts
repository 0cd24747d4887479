/** How much is measured. */
export interface Sizes {
  readonly rounds: number
  /** in how many of them what takes long is measured: room, take-over, partitions */
  readonly longRounds: number
  /** of the alarms that are set in each way */
  readonly share: number
  /** alarms that are due at once */
  readonly backlog: number
  /** processes that deliver, where lateness is measured */
  readonly processes: readonly number[]
  /** s of alarms at each rate */
  readonly seconds: number
  /** pending alarms that are weighed, and fired */
  readonly room: number
  /** alarms of a process that is killed, and ms that they are its own after that */
  readonly takeOver: number
  readonly lease: number
  /** alarms over all databases */
  readonly partitions: number
}

/** Some twenty minutes. */
export const whole: Sizes = {
  rounds: 2,
  longRounds: 1,
  share: 1,
  backlog: 20_000,
  processes: [1, 2, 4],
  seconds: 4,
  room: 200_000,
  takeOver: 100_000,
  lease: 10_000,
  partitions: 20_000,
}

/** A minute or two: it shows that all of it runs, and no figures. */
export const quick: Sizes = {
  rounds: 1,
  longRounds: 1,
  share: 0.05,
  backlog: 1_000,
  processes: [1, 2],
  seconds: 0.4,
  room: 2_000,
  takeOver: 1_000,
  lease: 1_000,
  partitions: 1_000,
}
