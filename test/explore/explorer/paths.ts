/** The steps between the states of an exploration. */
export interface Paths {
  readonly steps: number
  /** states must come in the order of their numbers */
  add(from: number, to: number): void
  /** where the steps of a state lead, in the order of its moves */
  from(state: number): Int32Array
  /** The number of ways through, from the first states until nothing can happen any more; throws if one of them never ends. */
  count(states: number): number
}

export function openPaths(): Paths {
  let steps = 0
  let targets = new Int32Array(1 << 14)
  const first: number[] = [] // of a state's steps

  return {
    get steps() {
      return steps
    },
    add(from, to) {
      if (steps === targets.length) {
        const wider = new Int32Array(steps * 2)
        wider.set(targets)
        targets = wider
      }
      while (first.length <= from) first.push(steps)
      targets[steps++] = to
    },
    from: (state) => targets.subarray(first[state], first[state + 1] ?? steps),
    count(states) {
      while (first.length <= states) first.push(steps)
      const entries = new Int32Array(states)
      for (let i = 0; i < steps; i++) entries[targets[i]!]!++
      const ways = new Float64Array(states)
      const ready: number[] = []
      for (let state = 0; state < states; state++) {
        if (entries[state] !== 0) continue
        ways[state] = 1
        ready.push(state)
      }
      let done = 0
      let total = 0
      for (let state = ready.pop(); state !== undefined; state = ready.pop()) {
        done++
        if (first[state] === first[state + 1]) total += ways[state]!
        for (let i = first[state]!; i < first[state + 1]!; i++) {
          const target = targets[i]!
          ways[target]! += ways[state]!
          if (--entries[target]! === 0) ready.push(target)
        }
      }
      if (done < states) throw new Error(`${states - done} states lie on schedules that never end.`)
      return total
    },
  }
}
