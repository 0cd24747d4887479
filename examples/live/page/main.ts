import { type Place, parseLink } from '../run/link.ts'
import { ACTORS, firstPlan } from '../run/plan.ts'
import { openAnnouncer } from './announce.ts'
import { openControls } from './controls.ts'
import { openEnding } from './ending.ts'
import { openBubble } from './explain.ts'
import { find } from './find.ts'
import { openFleetView } from './fleet-view.ts'
import { openPlayer, type Player } from './player.ts'
import { openRace } from './race.ts'
import { keepLink, openShare } from './share.ts'
import { openStoryText } from './story-text.ts'
import { adoptMarbleStyle, letToggleTheme } from './theme.ts'

const KEEP_EVERY = 1_000 // ms; browsers slow down who writes to the address bar more often
const CALM = 500 // ms between pictures for those who do not want things to move

adoptMarbleStyle()
letToggleTheme(find('theme'))
const isCalm = matchMedia('(prefers-reduced-motion: reduce)')
const beginning: Place = { plan: firstPlan, now: 0, actor: ACTORS[0] }
const hadLink = location.hash.length > 1
const linked = parseLink(location.hash.slice(1))

let keptAt = 0
let shownAt = 0
const player: Player = await openPlayer(linked ?? beginning, changed)
const get = (): Player => player
const race = openRace(get)
const bubble = openBubble(find('bubble'))
const views = [
  openControls(get),
  race,
  openFleetView(get),
  openStoryText(get),
  openEnding(get),
  openAnnouncer(get),
]
openShare(get, race.sheets)

function changed(isFrame: boolean): void {
  const time = performance.now()
  if (isFrame && isCalm.matches && time - shownAt < CALM) return
  shownAt = time
  for (const view of views) view.show()
  bubble.follow()
  if (isFrame && time - keptAt < KEEP_EVERY) return
  keptAt = time
  keepLink(player)
}

addEventListener('hashchange', () => {
  const place = parseLink(location.hash.slice(1))
  if (place === null) return
  player.play(false)
  void player.load(place)
})
changed(false)
if (linked === null && hadLink) find('told').textContent = 'That link cannot be read; this is another run.'
document.documentElement.dataset.ready = ''
// A link shows a moment; a visitor sees things happen.
if (linked === null && !isCalm.matches) player.play(true)
