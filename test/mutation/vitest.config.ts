import { fileURLToPath } from 'node:url'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { resolve, tests as settings } from '../../vitest.config.ts'

// Every mutant runs the tests that reach it until one fails: the quick ones and the ones that catch most come first.
const tests = [
  'test/vocabulary/{errors,fence,intent,key,time,wake-at}.test.ts',
  'test/{actor/config,actor/output-gate,actor/rules,operators/from-user}.test.ts',
  'test/lifecycles/lifecycles.test.ts',
  'test/actor/{commit,delivery,keeper,keep-alarm,open-alarm,same-time,calls,facts,pipe,waiting}.test.ts',
  'test/actor/record/waits.test.ts',
  'test/vocabulary/{event,check-names}.test.ts',
  'test/operators/{classify-moves,conflate-map,gate,latest-when,one-by-one}.test.ts',
  'test/marbles/scenarios.test.ts',
  'test/lifecycles/interleavings.test.ts',
  'test/fleet/{keep-alarms,open-fleet}.test.ts',
  'test/operators/{laws,async-context,reached}.test.ts',
  'test/actor/{raise-epoch,within-time,given-up-or-failed,misbehaving-user-code,misbehaving-listeners}.test.ts',
]

class InTurn extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const turnOf = ({ moduleId }: TestSpecification): number =>
      tests.findIndex((glob) => matches(moduleId, glob))
    return files.sort((a, b) => turnOf(a) - turnOf(b))
  }
}

function matches(path: string, glob: string): boolean {
  const pattern = glob.replaceAll('.', '\\.').replace('{', '(').replace('}', ')').replaceAll(',', '|')
  return new RegExp(`${pattern}$`).test(path)
}

export default {
  resolve,
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    ...settings,
    include: tests,
    env: { LIFECYCLES_RUNS: '150', LIFECYCLES_SHORTEN: 'no' },
    sequence: { sequencer: InTurn },
    isolate: false,
    testTimeout: 60_000,
  },
}
