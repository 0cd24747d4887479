import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'

it('the example of many actors does what it says', () => {
  const args = ['--import', './test/run-sources.mjs', 'examples/fleet-operator.ts']
  const printed = execFileSync(process.execPath, args, { encoding: 'utf8' })
  expect(printed.trim().split('\n')).toEqual(['1000 alarms are durable', '1000 woken', '1000 brewed'])
})
