// A counterexample beside another: the steps that both have, in order, and what each has alone.

// Longest traces that are aligned step by step.
const ALIGNED_MAX = 2000;

// Pairs of steps: the longest common subsequence of both traces' steps by name.
export function align(left, right) {
  const [a, b] = [left, right].map((trace) => trace.choices().map((choice) => choice.slice(0, 3).join("~")));
  const pairs = a.length > ALIGNED_MAX || b.length > ALIGNED_MAX ? inStep(a, b) : common(a, b);
  const first = pairs.findIndex((pair) => !pair.same);
  return { pairs, diverges: first < 0 ? null : first };
}

function inStep(a, b) {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, n) => ({
    left: n < a.length ? n : null, right: n < b.length ? n : null, same: a[n] === b[n] }));
}

function common(a, b) {
  const wide = b.length + 1;
  const longest = new Uint16Array((a.length + 1) * wide);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      longest[i * wide + j] = a[i] === b[j] ? longest[(i + 1) * wide + j + 1] + 1
        : Math.max(longest[(i + 1) * wide + j], longest[i * wide + j + 1]);
    }
  }
  const pairs = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      pairs.push({ left: i, right: j, same: true });
      i += 1;
      j += 1;
    } else if (j === b.length || (i < a.length && longest[(i + 1) * wide + j] >= longest[i * wide + j + 1])) {
      pairs.push({ left: i, right: null, same: false });
      i += 1;
    } else {
      pairs.push({ left: null, right: j, same: false });
      j += 1;
    }
  }
  return pairs;
}
