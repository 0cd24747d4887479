import { describe, expect, it } from 'vitest'
import { type Place, parseLink, printLink } from '../../examples/live/run/link.ts'

const place: Place = {
  plan: {
    seed: 7,
    actions: [
      { at: 0, kind: 'weather', what: 'latency', value: 1500 },
      { at: 300, kind: 'storm' },
      { at: 300, kind: 'ask', actor: 'cart', time: 5000 },
      { at: 1200, kind: 'ask', actor: 'room', time: null },
      { at: 2400, kind: 'crash', actor: 'cart' },
    ],
  },
  now: 2410,
  actor: 'room',
}

describe('a link', () => {
  it('says the whole run, and can be read by people', () => {
    expect(printLink(place)).toBe(
      'seed=7&t=2410&actor=room&do=0.latency.1500_300.storm_300.set.cart.5000_1200.delete.room_2400.crash.cart',
    )
    expect(parseLink(printLink(place))).toEqual(place)
  })

  it('of a run in which nothing was done', () => {
    const quiet = { ...place, plan: { seed: 0, actions: [] } }
    expect(parseLink(printLink(quiet))).toEqual(quiet)
  })

  it.each([
    ['', 'nothing'],
    ['seed=7&t=0&actor=cart', 'no actions'],
    ['seed=-1&t=0&actor=cart&do=', 'a seed below 0'],
    ['seed=4294967296&t=0&actor=cart&do=', 'a seed too large'],
    ['seed=1&t=5&actor=cart&do=', 'a time between two steps'],
    ['seed=1&t=180010&actor=cart&do=', 'a time after the end'],
    ['seed=1&t=0&actor=nobody&do=', 'an actor that is not there'],
    ['seed=1&t=0&actor=constructor&do=', 'a name that every object has'],
    ['seed=1&t=0&actor=cart&do=10.constructor.5', 'a slider that every object has'],
    ['seed=1&t=0&actor=cart&do=10.rain', 'an unknown action'],
    ['seed=1&t=0&actor=cart&do=10.storm.cart', 'too many words'],
    ['seed=1&t=0&actor=cart&do=10.set.cart.5.5', 'too many words'],
    ['seed=1&t=0&actor=cart&do=10.delete.cart.5', 'too many words'],
    ['seed=1&t=0&actor=cart&do=10.latency.400.1', 'too many words'],
    ['seed=1&t=0&actor=cart&do=10.set.cart.none', 'a time that is none'],
    ['seed=1&t=0&actor=cart&do=10.latency.1501', 'more than the slider allows'],
    ['seed=1&t=0&actor=cart&do=10.latency.49', 'less than the slider allows'],
    ['seed=1&t=0&actor=cart&do=20.storm_10.storm', 'actions out of order'],
  ])('%s is refused: %s', (link) => {
    expect(parseLink(link)).toBe(null)
  })

  it('with more actions than a page keeps is refused', () => {
    const withActions = (count: number) =>
      parseLink(`seed=1&t=0&actor=cart&do=${Array(count).fill('10.storm').join('_')}`)
    expect(withActions(1_000)?.plan.actions).toHaveLength(1_000)
    expect(withActions(1_001)).toBe(null)
  })
})
