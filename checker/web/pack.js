// Reads the data of an exported file: base64 of gzip of JSON in which every value is stored once.
//
// The JSON is a list of values. A string, number, boolean or null stands for itself; a list is
// `[0, item, ...]`, an object `[keys, value, ...]`, where items, values and keys are numbers of earlier
// values, and keys are a list. The last value is all of it.

export async function unpack(text) {
  const bytes = Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const packed = JSON.parse(await new Response(stream).text());
  const values = [];
  for (const item of packed) {
    if (!Array.isArray(item)) values.push(item);
    else if (item[0] === 0) values.push(item.slice(1).map((n) => values[n]));
    else {
      const object = {};
      values[item[0]].forEach((key, n) => { object[key] = values[item[n + 1]]; });
      values.push(object);
    }
  }
  return values.at(-1);
}
