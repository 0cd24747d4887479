import { examine } from '../../src/operating/doctor/examine.ts'
import type { Finding, FindingCode } from '../../src/operating/doctor/finding.ts'
import type { ManagerPatient, StorePatient } from '../../src/operating/doctor/patient.ts'

/** What is true of processes that were killed: their leases stand, nothing delivers, alarms were given up on purpose, a clock was stepped. */
const truths: readonly FindingCode[] = [
  'LEASE_STUCK',
  'NOTHING_DELIVERS',
  'ALARM_OVERDUE',
  'ALARM_GIVEN_UP',
  'ALARM_PAUSED',
  'CLOCK_DISAGREES',
  'COPY_EARLIER',
  'STORE_EMPTY',
]

/** What the doctor finds that must not be there: for each a line, or none. What cannot be read now is left for the next time. */
export async function falseAlarms(
  open: () =>
    | Promise<{ readonly manager: ManagerPatient; readonly stores: readonly StorePatient[] }>
    | { readonly manager: ManagerPatient; readonly stores: readonly StorePatient[] },
): Promise<{ readonly isExamined: boolean; readonly found: readonly string[] }> {
  const found: Finding[] = []
  let patients: Awaited<ReturnType<typeof open>> | null = null
  try {
    patients = await open()
    for await (const finding of examine(patients.manager, patients.stores, async () => {}))
      found.push(finding)
    return {
      isExamined: true,
      found: found
        .filter(({ code }) => !truths.includes(code))
        .map(({ code, key, text }) => `DOCTOR ${key}: ${code}: ${text}`),
    }
  } catch {
    return { isExamined: false, found: [] }
  } finally {
    for (const store of patients?.stores ?? []) await store.close()
    await patients?.manager.close().catch(() => {})
  }
}
