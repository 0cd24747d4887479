import { ACTORS, firstPlan, RANGES, type Weather } from '../run/plan.ts'
import { find, make } from './find.ts'
import type { Player } from './player.ts'

const WEATHER = Object.keys(RANGES) as (keyof Weather)[]
const UNIT = { latency: 'ms', loss: '%', failure: '%' } as const

/** Connects what can be pressed and pulled to the run, and shows how it stands. */
export function openControls(player: () => Player): { show(): void } {
  const on = (id: string, press: () => void): void => find(id).addEventListener('click', press)
  on('play', () => player().play(!player().isPlaying))
  on('back', () => stepTo(-1))
  on('ahead', () => stepTo(1))
  on('restart', () => void player().seek(0))
  on('delete', () => ask(null))
  on('crash', () => void player().act({ kind: 'crash', actor: player().actor }))
  on('storm', () => void player().act({ kind: 'storm' }))
  on('reseed', () => {
    const seed = 1 + Math.floor(Math.random() * 9_999)
    void player().load({ plan: { ...firstPlan, seed }, now: 0, actor: player().actor })
  })
  for (const button of document.querySelectorAll<HTMLElement>('[data-set]')) {
    button.addEventListener('click', () => ask(Number(button.dataset.set)))
  }
  const speed = find<HTMLSelectElement>('speed')
  speed.addEventListener('change', () => (player().speed = Number(speed.value)))
  const sliders = WEATHER.map((what) => openSlider(what, player))
  const choices = ACTORS.map((actor) => {
    const input = make('input', '')
    Object.assign(input, { type: 'radio', name: 'actor', value: actor })
    input.addEventListener('change', () => (player().actor = actor))
    find('actors').append(make('label', 'choice', input, make('span', '', actor)))
    return input
  })

  function stepTo(direction: 1 | -1): void {
    player().play(false)
    void player().step(direction)
  }

  /** Alarms are set to whole seconds, which have room on a marble. */
  function ask(inSeconds: number | null): void {
    const { run, actor } = player()
    const time = inSeconds === null ? null : 1000 * Math.ceil(run.now / 1000 + inSeconds)
    void player().act({ kind: 'ask', actor, time })
  }

  return {
    show() {
      const { now, isPlaying, isAtEnd, actor, run } = player()
      find('play').textContent = isPlaying ? 'Pause' : isAtEnd ? 'Replay' : 'Play'
      find('clock').textContent = `${(now / 1000).toFixed(2)} s`
      for (const input of choices) input.checked = input.value === actor
      for (const slider of sliders) slider.show(run.weather)
    },
  }
}

function openSlider(what: keyof Weather, player: () => Player): { show(weather: Weather): void } {
  const slider = find<HTMLInputElement>(what)
  const { min, max } = RANGES[what]
  Object.assign(slider, { min, max })
  const output = slider.parentElement!.querySelector('output')!
  const say = (value: number): void => {
    output.textContent = `${value} ${UNIT[what]}`
    slider.setAttribute('aria-valuetext', output.textContent)
  }
  // While it is pulled it only says what it would be; one action when it is let go.
  slider.addEventListener('input', () => say(Number(slider.value)))
  slider.addEventListener(
    'change',
    () => void player().act({ kind: 'weather', what, value: Number(slider.value) }),
  )
  return {
    show(weather) {
      if (slider.matches(':active')) return
      if (slider.value !== String(weather[what])) slider.value = String(weather[what])
      say(weather[what])
    },
  }
}
