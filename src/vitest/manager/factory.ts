import type { AlarmManager } from '../../index.ts'
import type { VirtualClock } from '../../marbles/index.ts'

/** What a factory is given for each test. */
export interface ManagerContext {
  /** the scheduler to give the manager; where `time` is real, only what the kit itself waits with */
  readonly clock: VirtualClock
  /** ms within which a handler must answer, for this test */
  readonly lease: number
}

/** A fresh manager for one test, and what else can be done to it. */
export interface ManagerUnderTest {
  readonly manager: AlarmManager
  /** the clock that fires the alarms, where it is not that of this process, such as a server's; ms */
  now?(): number | Promise<number>
  /** ends this manager as a restart would, and returns one on the same storage */
  reopen?(): AlarmManager | Promise<AlarmManager>
  /** one more on the same storage, as a second process has it */
  another?(): AlarmManager | Promise<AlarmManager>
  cleanup?(): unknown
}

/** Makes a fresh manager for each test, on the clock and with the lease that it is given. */
export type ManagerFactory = (context: ManagerContext) => ManagerUnderTest | Promise<ManagerUnderTest>

/** What time a manager lives in, how late it may be, and what it cannot do. */
export interface DescribeManagerOptions {
  /** `real` for a manager that fires by a clock which no test can move; default `virtual` */
  readonly time?: 'virtual' | 'real'
  /** ms by which an alarm may come late, such as a poll's interval; default 0, where time is real 3 s */
  readonly late?: number
  /** ms to work with where time is real: a write must take less, however busy the machine is; default 200 */
  readonly unit?: number
  /** what it cannot do, and why: those tests are skipped, and say so */
  readonly cannot?: Partial<Record<ManagerNeed, string>>
}

/** What some tests need, and not every manager or clock can give. */
export type ManagerNeed = 'virtual time' | 'reopen' | 'another' | 'lease' | 'list' | 'operate'
