import { AlarmFencedError } from 'nolater'
import { expect, it } from 'vitest'
import { errorType } from '../../../src/telemetry/otel/attributes.ts'

it.each([
  [new AlarmFencedError('tea', 1), 'ALARM_FENCED'],
  [Object.assign(new Error(), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
  [Object.assign(new Error(), { code: '40001' }), '40001'],
  [new RangeError('out of range'), 'RangeError'],
  [Object.assign(new Error(), { code: 'row 17 of tea' }), 'Error'],
  [Object.assign(new Error(), { code: 'A'.repeat(65) }), 'Error'],
  [Object.assign(new Error(), { code: 17 }), 'Error'],
  ['row 17 of tea', '_OTHER'],
  [null, '_OTHER'],
  [undefined, '_OTHER'],
])('%o has a type that is one of few', (error, type) => {
  expect(errorType(error)).toBe(type)
})
