import { byId, setText } from './element.ts'

/** Says how something ended: it is read out, and stays until the next. */
export function say(text: string, isTrouble = false): void {
  const said = byId('said')
  said.classList.toggle('bad', isTrouble)
  setText(said, text)
}
