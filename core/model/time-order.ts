/** Indices of `n` moments by time, stable. Most columns ascend: sorting millions would take longer than everything else. */
export function timeOrder(t: Float64Array, n: number): Uint32Array {
  const order = new Uint32Array(n);
  let ascends = true;
  for (let i = 0; i < n; i++) {
    order[i] = i;
    if (i > 0 && t[i] < t[i - 1]) ascends = false;
  }
  return ascends ? order : order.sort((a, b) => t[a] - t[b] || a - b);
}
