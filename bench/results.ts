import { mkdirSync, writeFileSync } from 'node:fs'
import { describeMachine } from './machine.ts'

const folder = new URL('./results/', import.meta.url)

/** Keeps what a part has measured, with the machine that it was measured on. */
export function keep(part: string, measured: unknown): void {
  mkdirSync(folder, { recursive: true })
  const result = { part, measuredAt: new Date().toISOString(), machine: describeMachine(), measured }
  writeFileSync(new URL(`${part}.json`, folder), `${JSON.stringify(result, rounded, 2)}\n`)
}

/** Keeps a drawing beside the figures that it draws. */
export function keepPicture(name: string, svg: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL(`${name}.svg`, folder), svg)
}

/** No more digits than the measurement has. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value
}
