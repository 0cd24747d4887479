import { asyncScheduler, type SchedulerLike } from 'rxjs'
import { checkNames, type Names } from '../../vocabulary/check-names.ts'
import { configError } from '../../vocabulary/error-of.ts'
import type { AlarmManager } from '../../vocabulary/manager.ts'
import { type Action, actions } from './shapes.ts'

/** What the page shows: any manager that lists and counts. What else it can do is offered, too. */
export type PageManager = Required<Pick<AlarmManager, 'list' | 'stats'>> &
  Pick<AlarmManager, 'search' | 'countDue' | 'retry' | 'reschedule' | 'discard' | 'pause' | 'resume'>

/** How the page is served. */
export interface PageOptions {
  /** whether it may retry, discard, reschedule, pause and resume; default `false`: it only reads */
  readonly change?: boolean
  /**
   * What has to be in the URL once (`?token=`), 16 characters or more. By default there is none, and only this machine is answered.
   * `false`: there is none and every machine is answered, because the server around it has asked for a login.
   */
  readonly token?: string | false
  /** the names by which it is reached, `host` or `host:port`, beside those of this machine and the address that it was asked at */
  readonly hosts?: readonly string[]
  /** below which path it is, where no framework has taken it off: `/alarms`; default `''` */
  readonly path?: string
  /** which alarms these are, for people that have several pages; default `''` */
  readonly name?: string
  /** the file of `recordJournal`, from which an actor's page draws what happened last; default: it draws nothing */
  readonly journal?: string
  /** the clock, and the timers; default asyncScheduler */
  readonly scheduler?: SchedulerLike
}

/** The options, checked; a token or a journal that is not given is `undefined`. */
export interface CheckedPage extends Required<Omit<PageOptions, 'token' | 'journal'>> {
  readonly token: string | false | undefined
  readonly journal: string | undefined
  /** what may be changed, and the manager can */
  readonly can: readonly Action[]
}

const names: Names<PageOptions> = {
  change: true,
  token: true,
  hosts: true,
  path: true,
  name: true,
  journal: true,
  scheduler: true,
}
/** Characters of a token that cannot be guessed. */
export const LEAST_TOKEN = 16

/** Refuses what cannot work, or would be open to all (`ALARM_CONFIG_INVALID`). */
export function checkPage(manager: PageManager, options: PageOptions): CheckedPage {
  if (typeof manager?.list !== 'function' || typeof manager.stats !== 'function') {
    throw configError('manager', 'an AlarmManager that has list and stats', manager)
  }
  checkNames('alarmPage', options, names)
  const {
    change = false,
    token,
    hosts = [],
    path = '',
    name = '',
    journal,
    scheduler = asyncScheduler,
  } = options
  if (typeof change !== 'boolean') throw configError('change', 'true or false', change)
  if (token !== undefined && token !== false && !(typeof token === 'string' && token.length >= LEAST_TOKEN)) {
    throw configError(
      'token',
      `${LEAST_TOKEN} characters or more that cannot be guessed, or false`,
      typeof token,
    )
  }
  if (!Array.isArray(hosts) || !hosts.every((host) => typeof host === 'string' && /^[^/\s]+$/.test(host))) {
    throw configError('hosts', 'a list of names, as ops.example.com or ops.example.com:8080', hosts)
  }
  if (hosts.length > 0 && token === undefined) {
    throw configError(
      'token',
      'given where there are hosts, or false where the server around it asks for a login',
      token,
    )
  }
  if (typeof path !== 'string' || !/^(?:\/[^/?#\s]+)*$/.test(path)) {
    throw configError('path', "'' or as '/alarms'", path)
  }
  if (typeof name !== 'string') throw configError('name', 'a text', name)
  if (journal !== undefined && (typeof journal !== 'string' || journal === '')) {
    throw configError('journal', 'the file of recordJournal', journal)
  }
  const can = change ? actions.filter((action) => typeof manager[action] === 'function') : []
  return {
    change,
    token,
    hosts: hosts.map((host) => host.toLowerCase()),
    path,
    name,
    journal,
    scheduler,
    can,
  } as CheckedPage
}
