import { expect, it } from 'vitest'
import { runExample } from './run-example.ts'

it('the example of many actors does what it says', () => {
  expect(runExample('fleet-operator.ts')).toEqual(['1000 alarms are durable', '1000 woken', '1000 brewed'])
})
