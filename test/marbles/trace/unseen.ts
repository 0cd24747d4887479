const around = 'the store or the manager around the actor is broken: what it says itself is as ever'
const fence = 'it hangs on the fence that was delivered, which the events of a delivery do not have'
const gate = 'what waits at the gate, and leaves it, is in no event'
const oneCopy = 'the row that a fleet on PostgreSQL delivers from is in no event'

/** Broken engines whose traces are accepted, and why: what is broken there does not show in what the actor says. */
export const withoutRejectedTrace: Readonly<Record<string, string>> = {
  'the pipe is removed: what has to wait is dropped':
    'a trace says what was not allowed, and nothing of what never came',
  'the manager does not look at the fence of a set': around,
  'the manager does not look at the fence of a deletion': around,
  'a deletion does not leave its fence behind': around,
  '"done" removes whatever the manager holds': around,
  'the store does not raise the epoch': around,
  'a manager forgets an alarm after its last retry': around,
  'the fence is not built from the epoch':
    'the events of a bare alarm do not say which epoch it was opened with; those of a fleet do',
  'no reconciling at the opening': 'it may be left out: `reconcile: false`',
  'a newer write is one acknowledged since the delivery began': fence,
  'the answer counts as the deletion although a newer write stands': fence,
  'what is due at the opening counts as not delivered before': fence,
  'what is asked again is used up by the delivery before': fence,
  'what is asked again is given up with the alarm before': fence,
  'an abandoned alarm counts as still at the manager when it is gone from the store':
    'that an alarm was given up, and not deleted, is in no event',
  'what is kept in place of an abandoned alarm does not raise the bound':
    'what is kept in its place is in no event',
  'an alarm is given up while a handler runs': 'that an alarm was given up, and not deleted, is in no event',
  'the gate opens when the commit is issued': gate,
  'the gate opens for what was asked during the commit': gate,
  'the gate opens when the manager has the alarm': gate,
  'the gate does not close': gate,
  'one copy: what is asked again is the alarm of before': oneCopy,
  'one copy: a later alarm has the fence of the write before it': oneCopy,
  'one copy: an alarm that was written has the fence of a write to come': oneCopy,
  'one copy: a delivery does not wait for the commit in flight': oneCopy,
}
