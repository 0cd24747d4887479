/** How a server stands to its standbys. */
export interface Replication {
  /** that follow it now */
  readonly standbys: number
  /** what is acknowledged is with one of them */
  readonly isSynchronous: boolean
}

/** The columns of a `Replication`, as SQL. */
export const REPLICATION = `
  (SELECT count(*)::integer FROM pg_stat_replication) AS standbys,
  current_setting('synchronous_standby_names') <> '' AND current_setting('synchronous_commit') <> 'local' AS "isSynchronous"`

// Not from the control file, which a standby that was promoted brings up to date only with its next checkpoint.
const TIMELINE = `(('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::integer)`

/**
 * SQL for the number of a server's timeline, which each promotion of a standby makes a higher one.
 *
 * Distributed databases that speak PostgreSQL have none, or refuse the question, and lose no commit at a failover: for those it is a constant.
 */
export async function timelineOf(query: (text: string) => Promise<unknown>): Promise<string> {
  try {
    await query(`SELECT ${TIMELINE}`)
    return TIMELINE
  } catch (error) {
    const { code = '' } = error as { code?: string }
    if (code === '55000') return TIMELINE // a standby, which says so once it is promoted
    // Unknown, not permitted, or not supported. Everything else is no answer.
    if (/^(42|0A)/.test(code)) return '1'
    throw error
  }
}
