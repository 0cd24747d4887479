import { drawPicture } from '../picture/picture.ts'
import type { Sheet } from '../picture/sheet.ts'
import { find } from './find.ts'
import type { Player } from './player.ts'

/** The link to this moment of this run, and its picture. */
export function openShare(player: () => Player, sheets: () => { title: string; sheet: Sheet }[]): void {
  const tell = (text: string): void => {
    find('told').textContent = text
  }
  find('share').addEventListener('click', async () => {
    keepLink(player())
    try {
      await navigator.clipboard.writeText(location.href)
      tell('Link copied.')
    } catch {
      tell('The link is in the address bar.')
    }
  })
  find('download').addEventListener('click', () => {
    const { actor, run } = player()
    const title = `${actor} at ${run.now / 1000} s: one storm, three ways to keep its alarm`
    const svg = drawPicture({ title, panels: sheets(), now: run.now })
    const address = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }))
    Object.assign(document.createElement('a'), {
      href: address,
      download: `nolater-${actor}-${run.now}.svg`,
    }).click()
    setTimeout(() => URL.revokeObjectURL(address), 10_000)
    tell('Picture saved.')
  })
}

/** Puts the place into the address bar, so that a reload comes back to it. */
export function keepLink({ link }: Player): void {
  if (location.hash !== `#${link}`) history.replaceState(null, '', `#${link}`)
}
