import type { Library } from './library.ts'
import { type Programme, plain, type Setting } from './programme.ts'
import { type Outcome, runProgramme } from './run-programme.ts'

/** Leaves out of a failing programme what it can do without, as long as it fails in the same way. */
export async function shrink(found: Outcome, library?: Library): Promise<Outcome> {
  const kind = kindOf(found)
  let best = found
  let left = 400

  const tried = async (programme: Programme): Promise<boolean> => {
    if (left-- <= 0) return false
    const outcome = await runProgramme(programme, library)
    if (kindOf(outcome) !== kind) return false
    best = outcome
    return true
  }

  await tried({ ...found.programme, words: found.programme.words.slice(0, found.steps) })
  for (
    let size = Math.ceil(best.programme.words.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let from = best.programme.words.length - size; from >= 0; from--) {
      const { setting, words } = best.programme
      if (await tried({ setting, words: words.toSpliced(from, size) }))
        from = Math.min(from, best.programme.words.length - size + 1)
    }
  }
  for (const name of Object.keys(plain) as (keyof Setting)[]) {
    const { setting, words } = best.programme
    if (setting[name] !== plain[name]) await tried({ setting: { ...setting, [name]: plain[name] }, words })
  }
  for (let i = 0; i < best.programme.words.length; i++) {
    for (const simpler of simplerThan(best.programme.words[i]!)) {
      const { setting, words } = best.programme
      if (await tried({ setting, words: words.with(i, simpler) })) break
    }
  }
  return best
}

/** A fault without its details. */
function kindOf({ faults }: Outcome): string {
  return (faults[0] ?? '').replace(/\d+|\b[abc]\b/g, '').split('\n')[0]!
}

function simplerThan(word: string): string[] {
  const other = word.replace(/^[bc]/, 'a')
  return [
    ...(other === word ? [] : [other]),
    ...(word.includes('~') ? [word.replace('~', '')] : []),
    ...(word.includes('>') ? [word.replace(/>.*/, '')] : []),
    ...(word.includes('/') ? [word.replace(/![^/]*\//, '!'), word.replace(/\/.*/, '/ok')] : []),
    ...(word.includes('odd:') ? [word.replace(/odd:\w+/, 'odd:error')] : []),
  ]
}
