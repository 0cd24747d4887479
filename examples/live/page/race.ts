import type { Sheet } from '../picture/sheet.ts'
import { askedSheet, raceSheet } from '../picture/sheets.ts'
import { CONTENDERS, type Contender } from '../run/contenders.ts'
import { scoreOf } from '../run/score.ts'
import type { Ask } from '../run/storm.ts'
import { drawn } from './drawn.ts'
import { find, make } from './find.ts'
import { openPanel } from './panel.ts'
import type { Player } from './player.ts'
import { letWalk } from './walk.ts'

const AFTER = 600 // ms, so that the flag and what follows it are seen

/** One actor's storm and the three ways of keeping its alarm, one below the other on one ruler. */
export function openRace(player: () => Player): {
  show(): void
  sheets(): { title: string; sheet: Sheet }[]
} {
  const stop = () => player().play(false)
  const asked = openPanel('What is asked', true)
  letWalk(asked.element, stop)
  const lanes = CONTENDERS.map((contender) => ({ ...openLane(contender, player), contender }))
  find('race').append(make('article', 'asked', asked.element), ...lanes.map(({ article }) => article))
  let last: { readonly asks: readonly Ask[]; readonly sheet: Sheet } | undefined
  const asksOf = ({ run, actor }: Player): Sheet => {
    const asks = run.asks.filter((ask) => ask.actor === actor)
    if (last?.asks.length !== asks.length || last.asks[0] !== asks[0])
      last = { asks, sheet: askedSheet(asks) }
    return last.sheet
  }
  return {
    show() {
      const { now, isPlaying } = player()
      asked.show(() => asksOf(player()), now, isPlaying)
      for (const lane of lanes) lane.show()
    },
    sheets: () => [
      { title: 'what is asked', sheet: asksOf(player()) },
      ...lanes.map(({ contender, sheet }) => ({ title: contender.title, sheet: sheet() })),
    ],
  }
}

function openLane({ id, title, idea }: Contender, player: () => Player) {
  const panel = openPanel(`${title}: commits, writes, deliveries, and what store and manager hold`, false)
  letWalk(panel.element, () => player().play(false))
  const verdict = make('button', 'verdict')
  Object.assign(verdict, { type: 'button', title: 'Go to the moment' })
  const [late, lost, writes] = [make('dd', ''), make('dd', ''), make('dd', '')]
  const counts = make(
    'dl',
    'counts',
    ...(
      [
        ['late', late],
        ['lost', lost],
        ['writes', writes],
      ] as const
    ).map(([name, value]) => make('div', '', make('dt', '', name), value)),
  )
  counts.title = 'of all actors'
  const article = make(
    'article',
    '',
    make('header', '', make('h3', '', title), verdict, make('p', 'idea', idea), counts),
    panel.element,
  )
  article.dataset.contender = id

  const drawnRace = drawn(raceSheet)
  const sheet = (): Sheet => {
    const { run, actor } = player()
    return drawnRace(run.fleets[id].actors[actor], run.now)
  }
  // The button leads to the moment at which it went wrong.
  verdict.addEventListener('click', async () => {
    const { first } = scoreOf(player().run.fleets[id])
    if (first === null) return
    player().play(false)
    player().actor = first.actor
    await player().seek(first.from + AFTER)
  })

  function show(): void {
    const { run, now, isPlaying } = player()
    const score = scoreOf(run.fleets[id])
    const { first } = score
    verdict.textContent =
      first === null ? 'never later' : `diverged at ${first.from / 1000} s: ${first.actor}`
    verdict.toggleAttribute('data-diverged', first !== null)
    verdict.disabled = first === null
    for (const [cell, value] of [
      [late, score.late],
      [lost, score.lost],
      [writes, score.writes],
    ] as const) {
      cell.textContent = String(value)
      cell.classList.toggle('bad', cell !== writes && value > 0)
    }
    panel.show(sheet, now, isPlaying)
  }
  return { article, show, sheet }
}
