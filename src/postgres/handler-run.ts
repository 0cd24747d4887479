export { asRun, currentRun, type HandlerRun } from '../fleet/handler-run.ts'
