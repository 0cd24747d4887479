/**
 * The operators' page, for a server of your own.
 *
 * @module nolater/page
 */
export { alarmPage, type PageHandler } from './alarm-page.ts'
export type { PageManager, PageOptions } from './page-options.ts'
