/** Draws a rank from 0 to `count - 1`, the first the likeliest: rank k with a weight of 1 / (k + 1) ** exponent. */
export function zipf(count: number, exponent: number, chance: () => number): () => number {
  const sums = new Float64Array(count)
  let sum = 0
  for (let k = 0; k < count; k++) {
    sum += 1 / (k + 1) ** exponent
    sums[k] = sum
  }
  return () => {
    const wanted = chance() * sum
    let [low, high] = [0, count - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle]! < wanted) low = middle + 1
      else high = middle
    }
    return low
  }
}
