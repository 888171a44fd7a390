// How many lines a text takes, known before it is drawn: words are measured, and broken as the style
// sheet has them broken.

const FONTS = {
  head: "650 12px var(--mono)",
  mono: "11.5px var(--mono)",
  text: "12px var(--text)",
  bold: "650 12px var(--text)",
};

const widths = new Map();
let canvases = null;

// A canvas for each kind: to change the font of one takes long.
function prepare() {
  const root = getComputedStyle(document.documentElement);
  const one = ([kind, font]) => {
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.font = font.replace(/var\((.*)\)/, (_, name) => root.getPropertyValue(name));
    return [kind, canvas];
  };
  return Object.fromEntries(Object.entries(FONTS).map(one));
}

function widthOf(word, kind) {
  // Where all characters are as wide, numbers that count up need no measuring each.
  const even = (kind === "mono" || kind === "head") && /^[ -~]+$/.test(word) && word !== "0";
  if (even) return word.length * widthOf("0", kind);
  const key = `${kind} ${word}`;
  if (!widths.has(key)) {
    canvases ??= prepare();
    widths.set(key, canvases[kind].measureText(word).width);
  }
  return widths.get(key);
}

export class Ruler {
  constructor(width) {
    this.width = Math.max(60, width);
    this.known = new Map();
  }

  // Lines of a text of that kind.
  lines(text, kind) {
    const key = `${kind} ${text}`;
    if (!this.known.has(key)) this.known.set(key, this.count(text, kind));
    return this.known.get(key);
  }

  count(text, kind) {
    let lines = 1;
    let used = 0;
    // Names of functions may be broken after underscores as well.
    for (const word of text.split(kind === "head" ? /(?<=[ _-])/ : /(?<=[ -])/)) {
      const bare = widthOf(word.trimEnd(), kind);
      if (used + bare > this.width) {
        if (used > 0) lines += 1;
        // A word that is wider than the line is broken anywhere.
        const more = Math.ceil(bare / this.width) - 1;
        lines += Math.max(0, more);
        used = widthOf(word, kind) - Math.max(0, more) * this.width;
      } else {
        used += widthOf(word, kind);
      }
    }
    return lines;
  }
}
