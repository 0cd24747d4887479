import type { ListedAlarm } from '../../../vocabulary/listed-alarm.ts'
import type { ManagerStats } from '../../../vocabulary/manager-stats.ts'
import type { ListAnswer, LookEvent } from '../shapes.ts'
import { drawActor } from './actor.ts'
import { linkTo, readAddress } from './address.ts'
import { ask } from './ask.ts'
import { canChange, startChanges } from './changes.ts'
import { drawCounts, markCounts, startCounts } from './counts.ts'
import { byId } from './element.ts'
import { drawFacts } from './facts.ts'
import { drawHour } from './hour.ts'
import { focusSearch, startKeys } from './keys.ts'
import { drawList, focusRow } from './list.ts'
import { follow } from './live.ts'
import { say } from './say.ts'
import { askTimeline, drawTimeline } from './timeline.ts'
import { setClock, tick } from './times.ts'

let look: LookEvent | null = null
let listed = '' // where the list was left
let opened: string | null = null
let turn = 0
let isBusy = false
let isSearching = false // the list is turned to for that
let isSearched = false // what is found is to have the focus

/** Draws what the address says, as the server has it now. */
async function show(): Promise<void> {
  const mine = ++turn
  const address = readAddress()
  const { key, state, prefix, after, at } = address
  isBusy = true
  try {
    if (key !== null) {
      const [{ alarm }, timeline] = await Promise.all([
        ask<{ alarm: ListedAlarm | null }>('alarm', { key }),
        askTimeline(key),
      ])
      if (mine === turn) {
        drawActor(key, alarm, look?.stats ?? null, canChange())
        drawTimeline(timeline)
      }
    } else {
      const given = Object.entries({ state, prefix: prefix || null, after, at })
      const query = Object.fromEntries(given.filter((each): each is [string, string] => each[1] !== null))
      const answer = await ask<ListAnswer>('list', query)
      if (mine === turn) {
        drawList(answer, address, canChange(), look?.stats ?? null)
        const [first] = answer.alarms
        if (isSearched && first !== undefined) focusRow(first.key)
        isSearched = false
      }
    }
  } catch (error) {
    if (mine === turn) say((error as Error).message, true)
  }
  if (mine !== turn) return
  isBusy = false
  turnTo(key)
}

/** Shows the list or an actor's page, and puts the focus where it belongs when that changes. */
function turnTo(key: string | null): void {
  byId('list').hidden = key !== null
  byId('actor').hidden = key === null
  document.body.dataset.view = key === null ? 'list' : 'actor'
  if (key === null) listed = location.hash
  byId<HTMLAnchorElement>('back').href = listed === '' ? '#' : listed
  if (key === opened) return
  if (key !== null) byId('actor-key').focus()
  else if (isSearching) focusSearch()
  else if (opened !== null) focusRow(opened)
  isSearching = false
  opened = key
}

function drawLook(): void {
  if (look === null) return
  drawCounts(look.stats)
  drawFacts(look.stats, canChange())
  drawHour(look.hour)
}

function draw(): void {
  drawLook()
  void show()
}

/** What was just changed is seen at once. */
async function lookAgain(): Promise<void> {
  const stats = await ask<ManagerStats>('stats', {}).catch(() => null)
  if (look !== null && stats !== null) look = { ...look, stats }
  draw()
}

function start(): void {
  startCounts()
  startChanges(draw, () => void lookAgain())
  const back = (): void => {
    if (readAddress().key !== null) location.hash = listed === '' ? '#' : listed
  }
  startKeys({
    back,
    search() {
      isSearching = readAddress().key !== null
      if (isSearching) back()
      else focusSearch()
    },
  })
  byId('search').addEventListener('submit', (event) => {
    event.preventDefault()
    const found = linkTo({ prefix: byId<HTMLInputElement>('key').value, state: readAddress().state })
    isSearched = true
    if (found === location.hash) void show()
    else location.hash = found
  })
  document.querySelector('.skip')?.addEventListener('click', (event) => {
    event.preventDefault()
    byId('main').focus()
  })
  window.addEventListener('hashchange', () => {
    document.querySelector<HTMLDialogElement>('dialog[open]')?.close('cancel') // it is of the page before
    say('')
    enter()
  })
  follow((seen) => {
    look = seen
    setClock(seen.stats.at)
    drawLook()
    if (!isBusy) void show()
  })
  setInterval(tick, 1_000)
  enter()
}

function enter(): void {
  markCounts()
  const { key, prefix } = readAddress()
  if (key === null) byId<HTMLInputElement>('key').value = prefix
  void show()
}

start()
