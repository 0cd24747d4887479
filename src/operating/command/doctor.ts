import { setImmediate } from 'node:timers/promises'
import { examine } from '../doctor/examine.ts'
import type { Finding } from '../doctor/finding.ts'
import type { ManagerPatient, StorePatient } from '../doctor/patient.ts'
import type { Call } from './arguments.ts'
import { openPatients } from './open-target.ts'
import { withProgress } from './progress.ts'
import { repaired } from './repaired.ts'
import { columnsOf, folded, jsonLine, printable, type Terminal } from './terminal.ts'
import { EXIT } from './usage.ts'

const INDENT = 7
const NAMED = 20 // of one kind: the others are counted

/** Examines, and with --fix repairs one finding after the other. */
export async function doctor(call: Call, terminal: Terminal): Promise<number> {
  const { json, fix } = call.options
  const { manager, stores } = await openPatients(call.target, call.rest, call.options.schema)
  const counts = new Map<string, number>()
  try {
    // All is found before anything is changed: a repair must not be taken for a fault.
    const findings = await allFound(manager, stores, terminal)
    if (findings === null) {
      terminal.say('It was stopped before all was examined.\n')
      return EXIT.failed
    }
    const isFault = ({ severity }: Finding): boolean => severity === 'fault'
    const faults = findings.filter(isFault).length
    let left = faults
    // A hundred notices would hide the one fault behind them.
    for (const finding of [...findings.filter(isFault), ...findings.filter((each) => !isFault(each))]) {
      if (terminal.signal.aborted) break
      const count = (counts.get(finding.code) ?? 0) + 1
      counts.set(finding.code, count)
      const outcome = fix ? await repaired(finding, terminal.signal) : null
      if (outcome === 'repaired') left--
      if (json) terminal.out(jsonLine(asJson(finding, outcome)))
      else if (count <= NAMED) terminal.out(asText(finding, outcome, columnsOf(terminal)))
    }
    if (json) return left > 0 ? EXIT.found : EXIT.done
    for (const [code, count] of counts) {
      if (count > NAMED) terminal.out(`${code}: ${count - NAMED} more\n`)
    }
    const stored =
      stores.length === 0
        ? 'the manager alone: give its stores to compare them'
        : 'the manager and its stores'
    if (faults === 0) terminal.out(`Nothing is wrong with ${stored}.\n`)
    else if (fix) terminal.out(`${faults - left} of ${faults} repaired.\n`)
    else
      terminal.out(
        `${faults} fault${faults > 1 ? 's' : ''} in ${stored}.${findings.some(canRepair) ? ' --fix repairs what can be repaired.' : ''}\n`,
      )
    return left > 0 ? EXIT.found : EXIT.done
  } finally {
    for (const store of stores) await store.close()
    await manager.close()
  }
}

/** `null`: it was stopped before all was examined. */
async function allFound(
  manager: ManagerPatient,
  stores: readonly StorePatient[],
  terminal: Terminal,
): Promise<Finding[] | null> {
  const { signal } = terminal
  const findings: Finding[] = []
  try {
    await withProgress(terminal, 'examining', async (read) => {
      const pace = async (rows: number): Promise<void> => {
        read(rows)
        await setImmediate()
        signal.throwIfAborted()
      }
      for await (const finding of examine(manager, stores, pace)) {
        findings.push(finding)
        if (signal.aborted) break
      }
      signal.throwIfAborted()
    })
    return findings
  } catch (error) {
    if (signal.aborted) return null
    throw error
  }
}

function asJson({ repair, ...finding }: Finding, outcome: string | null): object {
  return { ...finding, canRepair: repair !== null, ...(outcome !== null && { outcome }) }
}

function canRepair({ severity, repair }: Finding): boolean {
  return severity === 'fault' && repair !== null
}

function asText(finding: Finding, outcome: string | null, columns: number | null): string {
  const { code, severity, key, text, advice } = finding
  const of = key === null ? '' : ` ${printable(key)}`
  const lines = [`${severity === 'fault' ? 'fault ' : 'notice'} ${code}${of}`, printable(text)]
  if (outcome !== null) lines.push(printable(outcome))
  const does = outcome === null && canRepair(finding) ? '; --fix does it' : ''
  // What was not repaired is left to the operator.
  if (outcome === null || outcome.startsWith('not repaired')) lines.push(`to do: ${advice}${does}`)
  return `${lines.map((line) => folded(line, columns, INDENT)).join(`\n${' '.repeat(INDENT)}`)}\n`
}
