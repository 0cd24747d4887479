/** Prints what an alarm did, and draws it: the first thing to do when something is not as you expect it. */
import { memoryManager, openAlarm } from 'nolater'
import { drawTimeline, recordTimeline } from 'nolater/marbles'

const manager = memoryManager()
const alarm = openAlarm({
  key: '42',
  reconcile: false,
  commit: () => [],
  write: (time, info) => manager.write('42', time, info),
})
alarm.events$.subscribe({
  next: ({ at: _, key, kind, ...more }) => console.log(key, kind, JSON.stringify(more)),
  error: ({ code }) => console.log('broken:', code),
})
const recording = recordTimeline(alarm.events$)

alarm.set(5_000)
alarm.set(9_000)
alarm.close()
console.log(drawTimeline(recording.timeline, { format: 'ascii' }))
