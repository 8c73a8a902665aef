/** Structural keys that stay short, so that comparing shared structure costs no more than building it. */

const LONGEST = 120;

/** The key itself, or a 128-bit digest of it when it is long. */
export function shorten(key: string): string {
  return key.length <= LONGEST ? key : `#${digest(key)}`;
}

/** Four odd multipliers, each of which makes an independent 32-bit hash of the text. */
const MULTIPLIERS = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f];

function digest(text: string): string {
  const lanes = MULTIPLIERS.map((multiplier) => {
    let hash = multiplier;
    for (let i = 0; i < text.length; i++) {
      hash = Math.imul(hash ^ text.charCodeAt(i), multiplier);
      hash ^= hash >>> 15;
    }
    return (hash >>> 0).toString(16).padStart(8, '0');
  });
  return lanes.join('');
}
