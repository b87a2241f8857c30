/** The sound before a call: made of two tones, so that there is nothing to fetch. */

/** Two falling tones, as in a station: seconds from the start, and hertz. */
const CHIME = [
  { atS: 0, hertz: 784 },
  { atS: 0.35, hertz: 587 },
];
const TONE_S = 0.9;
const CHIME_S = 1.1;
const CHIME_GAIN = 0.28;

/**
 * Ring from a moment on; gives the moment at which words may follow.
 * @param {AudioContext} context
 * @param {number} fromS
 * @param {(tone: OscillatorNode) => void} keep
 */
export function chime(context, fromS, keep) {
  for (const { atS, hertz } of CHIME) {
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(CHIME_GAIN, fromS + atS);
    gain.gain.exponentialRampToValueAtTime(0.001, fromS + atS + TONE_S);
    const tone = new OscillatorNode(context, { frequency: hertz });
    tone.connect(gain).connect(context.destination);
    keep(tone);
    tone.start(fromS + atS);
    tone.stop(fromS + atS + TONE_S);
  }
  return fromS + CHIME_S;
}
